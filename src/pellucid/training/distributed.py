"""Several processes that train one model, started by `torchrun`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

Strategy = Literal["ddp", "fsdp"]


@dataclass(frozen=True)
class Processes:
    """This process among those that share a training.

    Args:
        rank: its number.
        world_size: how many there are.
        device: what it computes on.
    """

    rank: int
    world_size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this one writes and reports."""
        return self.rank == 0

    def barrier(self) -> None:
        """Wait for all."""
        if self.world_size > 1:
            dist.barrier()

    def sum(self, values: Tensor) -> Tensor:
        """The sums over all processes."""
        if self.world_size > 1:
            values = values.to(self.device)
            dist.all_reduce(values)
        return values

    def from_first(self, value: Any) -> Any:
        """What the first process gives, for all."""
        if self.world_size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, device=self.device)
        return box[0]


def join_processes() -> Processes:
    """Meet the other processes that `torchrun` started; alone without it."""
    world_size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    else:
        device = torch.device("cpu")
    if world_size > 1 and not dist.is_initialized():
        # After a restart torchrun's store still holds the addresses of processes that are dead: each round has its own.
        store, _, _ = next(rendezvous("env://", rank, world_size))
        store = PrefixStore(f"round-{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=world_size)
    return Processes(rank, world_size, device)


def leave_processes() -> None:
    """End the connection to the others."""
    if dist.is_initialized():
        dist.destroy_process_group()


def share(module: nn.Module, processes: Processes, strategy: Strategy) -> nn.Module:
    """The module, made to train with the other processes.

    Args:
        module: the same in all.
        processes: that train it.
        strategy: "ddp", where each keeps all weights, or "fsdp", where each keeps its share of them, layer by layer.
    """
    if processes.world_size == 1:
        return module
    if strategy == "ddp":
        return nn.parallel.DistributedDataParallel(module)
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(processes.device.type, (processes.world_size,))
    for part in module.modules():
        if isinstance(part, nn.ModuleList):
            for layer in part:
                fully_shard(layer, mesh=mesh)
    fully_shard(module, mesh=mesh)
    return module


def whole(tensor: Tensor) -> Tensor:
    """A tensor of which each process may hold only a part, put together; all must call this."""
    detached = tensor.detach()
    return detached.full_tensor() if hasattr(detached, "full_tensor") else detached


def like_parameter(tensor: Tensor, parameter: Tensor) -> Tensor:
    """A copy of a whole tensor, or this process's part of it, laid out as a parameter is."""
    tensor = tensor.to(device=parameter.device, dtype=parameter.dtype)
    if hasattr(parameter, "device_mesh"):
        from torch.distributed.tensor import DTensor, distribute_tensor

        assert isinstance(parameter, DTensor)
        return distribute_tensor(tensor, parameter.device_mesh, parameter.placements)
    return tensor.clone()
