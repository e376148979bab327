"""Which models' attention is recorded and verified: one tiny random model of every architecture of transformers.

    python benchmarks/coverage.py                    # all that have no result yet, then the table
    python benchmarks/coverage.py --only bert gpt2   # these
    python benchmarks/coverage.py --table            # the table of what is there

Each is built in a process of its own with a time limit, given a padded batch, and run with and without capture. Results
are kept as JSON lines beside the table, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import multiprocessing
import os
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

AUTO_CLASSES = {
    "causal": "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "masked": "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
    "seq2seq": "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "image": "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES",
    "audio": "MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES",
}
KINDS = [*AUTO_CLASSES, "outside"]
RESULTS = Path(__file__).parent / "results"
LINES, TABLE = RESULTS / "coverage.jsonl", RESULTS / "coverage.md"
SECONDS = 240

SIZES: dict[str, Any] = {
    "vocab_size": 99,
    "hidden_size": 64,
    "d_model": 64,
    "n_embd": 64,
    "dim": 64,
    "emb_dim": 64,
    "embedding_size": 64,
    "n_embed": 64,
    "word_embed_proj_dim": 64,
    "num_hidden_layers": 2,
    "num_layers": 2,
    "n_layer": 2,
    "n_layers": 2,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "num_decoder_layers": 2,
    "num_encoder_layers": 2,
    "num_attention_heads": 4,
    "num_heads": 4,
    "n_head": 4,
    "n_heads": 4,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "num_decoder_attention_heads": 4,
    "num_encoder_attention_heads": 4,
    "num_key_value_heads": 2,
    "multi_query_group_num": 2,
    "head_dim": 16,
    "d_kv": 16,
    "kv_channels": 16,
    "d_head": 16,
    "attention_head_dim": 16,
    "intermediate_size": 96,
    "ffn_dim": 96,
    "d_ff": 96,
    "d_inner": 96,
    "hidden_dim": 96,
    "n_inner": 96,
    "ffn_hidden_size": 96,
    "encoder_ffn_dim": 96,
    "decoder_ffn_dim": 96,
    "shared_expert_intermediate_size": 32,
    "moe_intermediate_size": 32,
    "expert_ffn_hidden_size": 32,
    "max_position_embeddings": 256,
    "n_positions": 256,
    "max_source_positions": 256,
    "max_target_positions": 256,
    "num_experts": 4,
    "num_local_experts": 4,
    "n_routed_experts": 4,
    "moe_num_experts": 4,
    "num_experts_per_tok": 2,
    "n_group": 1,
    "topk_group": 1,
    "q_lora_rank": 32,
    "kv_lora_rank": 32,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 12,
    "index_head_dim": 16,
    "index_n_heads": 4,
    "sliding_window": 4,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
    "rotary_dim": 8,
    "image_size": 32,
    "patch_size": 8,
    "type_vocab_size": 2,
    "hidden_size_per_layer_input": 16,
    "vocab_size_per_layer_input": 99,
    "laurel_rank": 8,
    "altup_num_inputs": 2,
    "use_cache": False,
}
"""What a configuration is told where it has such a field."""

OVERRIDES: dict[str, dict[str, Any]] = {
    "deepseek_v2": {"num_experts_per_tok": 2, "topk_group": 1, "n_group": 1, "n_routed_experts": 4},
    "dots1": {"n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2, "first_k_dense_replace": 1},
    "bamba": {"attn_layer_indices": [1], "layers_block_type": ["mamba", "attention"]},
    "granitemoehybrid": {"layers_block_type": ["mamba", "attention"]},
    "musicgen_decoder": {"num_codebooks": 1},
    "musicgen_melody_decoder": {"num_codebooks": 1},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "layers_block_type": ["mamba", "attention"]},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"]},
    "xmod": {"default_language": "en_XX"},
    "mamba2": {"num_heads": 8, "head_dim": 16, "n_groups": 1},
    "falcon": {"num_kv_heads": 2},
    "funnel": {"block_sizes": [1, 1], "d_model": 64, "n_head": 4, "d_head": 16, "num_decoder_layers": 1},
    "gemma3n_text": {"num_kv_shared_layers": 0, "activation_sparsity_pattern": [0.0, 0.0]},
    "big_bird": {"attention_type": "original_full"},
    "bigbird_pegasus": {"attention_type": "original_full"},
    "longformer": {"attention_window": 4},
    "led": {"attention_window": 4},
    "ctrl": {"dff": 96},
    "dinov2_with_registers": {"num_register_tokens": 1},
}


def jobs() -> list[tuple[str, str]]:
    from coverage_models import MODELS
    from transformers.models.auto import modeling_auto

    return [("outside", name) for name in MODELS] + [
        (kind, name) for kind, mapping in AUTO_CLASSES.items() for name in getattr(modeling_auto, mapping)
    ]


def held(config: Any, name: str) -> Any:
    """An attribute, or `None` where it is missing or not the same for all layers."""
    try:
        return getattr(config, name, None)
    except Exception:
        return None


def put(config: Any, name: str, value: Any) -> None:
    with contextlib.suppress(Exception):  # what a configuration refuses stays as it was
        setattr(config, name, value)


def shrink(config: Any, model_type: str, depth: int = 0) -> None:
    """Makes a configuration small, those within it too."""
    from transformers import PretrainedConfig

    names = set(vars(config)) | set(held(config, "attribute_map") or {})
    for name, value in SIZES.items():
        current = held(config, name)
        settable = current is not None or name in ("pad_token_id", "use_cache")
        if name in names and settable and not isinstance(current, list | tuple):
            put(config, name, value)
    if "qk_rope_head_dim" in names:  # multi-head latent attention: every head has keys of its own
        for name, value in {"num_key_value_heads": 4, "head_dim": 8, "qk_head_dim": 24}.items():
            if name in names:
                put(config, name, value)
    for heads, width in (("mamba_n_heads", "mamba_d_head"), ("mamba_num_heads", "mamba_head_dim")):
        if heads in names:
            inner = int(64 * (held(config, "mamba_expand") or held(config, "expand") or 2))
            put(config, width, 16)
            put(config, heads, inner // 16)
    if "pad_token_id" not in names and depth == 0:
        put(config, "pad_token_id", 0)
    layers = held(config, "num_hidden_layers")
    for name in ("layer_types", "mlp_layer_types", "layers_block_type", "attention_layers", "block_types"):
        kinds = held(config, name)
        if isinstance(kinds, list) and kinds and isinstance(layers, int):
            distinct = list(dict.fromkeys(kinds))
            count = max(layers, len(distinct)) if name == "layer_types" else layers
            put(config, name, (distinct * count)[:count])
            if count != layers:
                put(config, "num_hidden_layers", count)
                layers = count
    for value in list(vars(config).values()):
        if isinstance(value, PretrainedConfig) and depth < 3:
            shrink(value, value.model_type, depth + 1)
    for name, value in OVERRIDES.get(model_type, {}).items():
        put(config, name, value)


def builds(kind: str, model_type: str, failures: list[str]) -> Iterator[Any]:
    """The model by several ways of making it small, for one may build and not run; what went wrong is added."""
    import torch
    import transformers
    from coverage_configurations import AFTERWARDS, CONFIGURATIONS, TEXT_PART
    from transformers import CONFIG_MAPPING
    from transformers.models.auto import modeling_auto

    names = getattr(modeling_auto, AUTO_CLASSES[kind])[model_type]
    model_class = getattr(transformers, names if isinstance(names, str) else names[0])
    part = TEXT_PART.get(model_type, model_type)
    config_class = CONFIG_MAPPING[part]
    if part in CONFIGURATIONS:
        torch.manual_seed(0)
        try:
            config = config_class(**CONFIGURATIONS[part], use_cache=False)
            AFTERWARDS.get(part, lambda config: None)(config)
            yield model_class(config).eval()
        except Exception as error:
            failures.append(f"{type(error).__name__}: {str(error)[:150]}")
        return
    for attempt in range(6):
        torch.manual_seed(0)
        try:
            config = config_class()
            if attempt == 0:
                shrink(config, model_type)
            elif attempt == 1:
                given = {n: v for n, v in SIZES.items() if n in vars(config)} | OVERRIDES.get(model_type, {})
                config = config_class(**given)
                shrink(config, model_type)
            elif attempt == 2:  # the heads as they are: their number may follow from other sizes
                kept = {n: getattr(config, n, None) for n in ("head_dim", "num_key_value_heads", "layer_types")}
                shrink(config, model_type)
                for name, value in kept.items():
                    if value is not None and name in vars(config) and not isinstance(value, list):
                        setattr(config, name, value)
            elif attempt < 5:  # the language model's part of several
                shrink(config, model_type)
                config = config.get_text_config() if attempt == 3 else config.decoder
            else:
                config.num_hidden_layers = 2
                if (held(config, "hidden_size") or 0) > 1100:
                    raise ValueError("too large as it is")
            if kind == "masked" or kind == "causal":
                config.is_decoder = kind == "causal" if hasattr(config, "is_decoder") else False
            model = model_class(config).eval()
        except Exception as error:
            failures.append(f"{type(error).__name__}: {str(error)[:150]}")
            continue
        yield model


def inputs(kind: str, model: Any, n: int) -> dict[str, Any]:
    import torch
    from coverage_configurations import INPUTS

    generator = torch.Generator().manual_seed(1)
    config = model.config
    if config.model_type in INPUTS:
        return INPUTS[config.model_type](config)
    if kind in ("causal", "masked", "seq2seq"):
        ids = torch.randint(3, 90, (2, n), generator=generator)
        mask = torch.ones(2, n, dtype=torch.long)
        mask[1, n - 2 :] = 0
        ids[1, n - 2 :] = 0
        given = {"input_ids": ids, "attention_mask": mask}
        if kind == "seq2seq":
            given["decoder_input_ids"] = torch.randint(3, 90, (2, 5), generator=generator)
        return given
    if kind == "image":
        size = getattr(config, "image_size", 32) or 32
        for part in ("vision_config", "backbone_config"):
            size = getattr(getattr(config, part, None), "image_size", size)
        height, width = (size, size) if isinstance(size, int) else size
        channels = getattr(config, "num_channels", 3)
        return {"pixel_values": torch.randn(2, channels, height, width, generator=generator)}
    if getattr(config, "num_mel_bins", None) and "spectrogram" in config.model_type:
        return {"input_values": torch.randn(2, config.max_length, config.num_mel_bins, generator=generator)}
    if config.model_type == "whisper":
        frames = 2 * config.max_source_positions
        return {"input_features": torch.randn(2, config.num_mel_bins, frames, generator=generator)}
    if config.model_type == "wav2vec2-bert":
        return {"input_features": torch.randn(2, 20, config.feature_projection_input_dim, generator=generator)}
    return {"input_values": torch.randn(2, 8000, generator=generator)}


def outside(name: str, failures: list[str]) -> Iterator[Any]:
    from coverage_models import MODELS

    try:
        yield MODELS[name]()
    except Exception as error:
        failures.append(f"{type(error).__name__}: {str(error)[:150]}")


def runs(kind: str, model_type: str, failures: list[str]) -> Iterator[tuple[Any, Any, Any, Any]]:
    """A model that runs, its inputs and its output."""
    import torch

    torch.manual_seed(0)
    for built in outside(model_type, failures) if kind == "outside" else builds(kind, model_type, failures):
        model, args, given = built if kind == "outside" else (built, (), None)
        model.eval()
        with torch.no_grad():  # as a trained model's scores: not all the same
            for name, parameter in model.named_parameters():
                lower = name.lower()
                if parameter.ndim == 2 and any(part in lower for part in ("q_", "k_", "query", "key", "qkv", "attn")):
                    parameter.mul_(4)
        for n in (12, 64, 16):
            try:
                inputs_of = inputs(kind, model, n) if given is None else given
                torch.manual_seed(0)
                with torch.no_grad():
                    plain = first(model(*args, **inputs_of))
            except Exception as error:
                failures.append(f"does not run: {type(error).__name__}: {str(error)[:150]}")
                continue
            yield model, args, inputs_of, plain
            break


def one(kind: str, model_type: str) -> dict[str, Any]:
    """Builds, runs, captures and verifies one; in a process of its own."""
    import torch
    import transformers

    import pellucid

    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    result: dict[str, Any] = {"kind": kind, "type": model_type}
    began = time.perf_counter()
    failures: list[str] = []
    ran = next(runs(kind, model_type, failures), None)
    if ran is None:
        return result | {"status": "not built", "reason": failures[0][:200]}
    model, args, given, plain = ran
    torch.manual_seed(0)
    try:
        with torch.no_grad(), pellucid.capture(model) as recording:
            seen = first(model(*args, **given))
    except Exception as error:
        return result | {"status": "failed", "reason": f"{type(error).__name__}: {str(error)[:200]}"}
    statuses = collections.Counter(layer.status for layer in recording.layers)
    verified = [layer for layer in recording.layers if layer.verification]
    result["identical"] = bool(
        torch.equal(plain, seen)
        or (torch.equal(plain.isnan(), seen.isnan()) and torch.equal(plain.nan_to_num(), seen.nan_to_num()))
    )
    result["records"], result["verified"] = len(recording.layers), len(verified)
    result["worst"] = max((layer.verification.difference or 0 for layer in verified), default=None)
    result["unverified"] = {reason: count for reason, count in statuses.items() if reason != "verified"}
    result["unrecorded"] = sorted({f"{m.class_name}: {m.reason}" for m in recording.unrecorded})
    rows = 0
    for layer in verified[:4] + verified[-2:]:
        _, heads, n_q, _ = layer.shape
        try:
            derivation = layer.head(heads - 1).row(n_q - 1)
            rows += bool(abs(derivation["weights"].value.sum()) < 1 + 1e-9)
        except pellucid.PellucidError as error:
            result.setdefault("rows", str(error)[:150])
    followed = not result["unverified"] and not any("softmax was seen" in m for m in result["unrecorded"])
    if not verified and not result["unverified"] and not result["unrecorded"]:
        status = "no attention"
    elif not verified:
        softmax = result["unverified"] or any("softmax was seen" in m for m in result["unrecorded"])
        status = "nothing" if softmax else "not softmax"
    elif followed:
        status = "complete" if not result["unrecorded"] else "complete, other parts not softmax"
    else:
        status = "partial"
    return result | {"status": status, "seconds": round(time.perf_counter() - began, 1)}


def first(output: Any) -> Any:
    """The first tensor of what a model gives."""
    if isinstance(output, dict):
        return output["sentence_embedding"] if "sentence_embedding" in output else next(iter(output.values()))
    return output if hasattr(output, "shape") else output[0]


def begin(job: tuple[str, str]) -> tuple[Any, Any, float]:
    """A process for one model, forked so that nothing is loaded again; and where its result will come from."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def work() -> None:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 1)
        os.dup2(devnull, 2)
        sender.send(one(*job))

    process = context.Process(target=work)
    process.start()
    sender.close()
    return process, receiver, time.monotonic() + SECONDS


def end(job: tuple[str, str], process: Any, receiver: Any, limit: float) -> dict[str, Any] | None:
    """The result of a process, or `None` while it may still come."""
    result: dict[str, Any] = {"kind": job[0], "type": job[1], "status": "not built"}
    if receiver.poll():
        try:
            result = receiver.recv()
        except EOFError:
            result["reason"] = "its process ended"
    elif time.monotonic() < limit:
        return None
    else:
        result["reason"] = f"took more than {SECONDS} s"
        process.kill()
    process.join()
    return result


def run_all(wanted: list[tuple[str, str]], at_once: int) -> Iterator[dict[str, Any]]:
    import torch
    import transformers

    from pellucid import capturing  # noqa: F401  (loaded before the processes part)

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    one("masked", "bert")  # loads what all of them need, once
    waiting, running = list(reversed(wanted)), {}
    while waiting or running:
        while waiting and len(running) < at_once:
            job = waiting.pop()
            running[job] = begin(job)
        for job, state in list(running.items()):
            result = end(job, *state)
            if result is not None:
                del running[job]
                yield result
        time.sleep(0.02)


def known() -> dict[tuple[str, str], dict[str, Any]]:
    if not LINES.exists():
        return {}
    lines = [json.loads(line) for line in LINES.read_text().splitlines() if line.strip()]
    return {(line["kind"], line["type"]): line for line in lines}


def table() -> str:
    import torch
    import transformers

    results = known()
    out = [
        "# Coverage of capture",
        "",
        f"torch {torch.__version__}, transformers {transformers.__version__}; `python benchmarks/coverage.py`. "
        "A tiny random model of each architecture, a padded batch, float32, no gradients; rows are kept until they are "
        "run again, those of packages that are not installed too. *complete*: every attention "
        "recorded and verified; *identical*: the outputs with capture are those without, bit for bit.",
        "",
        "| | " + " | ".join(KINDS) + " | all |",
        "|---|" + "---|" * (len(KINDS) + 1),
    ]
    statuses = collections.Counter((r["status"], r["kind"]) for r in results.values())
    order = ["complete", "complete, other parts not softmax", "partial", "nothing", "not softmax", "no attention"]
    for status in [*order, "failed", "not built"]:
        counts = [statuses[status, kind] for kind in KINDS]
        out.append(f"| {status} | " + " | ".join(map(str, counts)) + f" | {sum(counts)} |")
    ran = [r for r in results.values() if "identical" in r]
    out += [
        "",
        f"Outputs identical: {sum(r['identical'] for r in ran)} of {len(ran)}. Attentions verified: "
        f"{sum(r['verified'] for r in ran)} of {sum(r['records'] for r in ran)} recorded.",
        "",
    ]
    out += ["| class | type | status | verified | reasons |", "|---|---|---|---|---|"]
    for (kind, name), r in sorted(results.items()):
        reasons = [r.get("reason", "")] + [f"{k} ({v}×)" for k, v in r.get("unverified", {}).items()]
        reasons += r.get("unrecorded", []) + ([f"row: {r['rows']}"] if "rows" in r else [])
        if not r.get("identical", True):
            reasons.append("output not identical")
        text = "; ".join(x for x in reasons if x).replace("|", "/").replace("\n", " ")
        share = f"{r['verified']}/{r['records']}" if "records" in r else ""
        out.append(f"| {kind} | {name} | {r['status']} | {share} | {text} |")
    return "\n".join(out) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--kinds", nargs="*", default=KINDS)
    parser.add_argument("--again", nargs="*", default=[], help="statuses whose models are run again")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    if not options.table:
        done = {job for job, r in known().items() if r["status"] not in options.again}
        tried = {job for job, r in known().items() if r["status"] in options.again}
        wanted = [
            job
            for job in jobs()
            if job[0] in options.kinds and (job[1] in options.only if options.only else job not in done)
        ]
        wanted.sort(key=lambda job: job in tried)
        RESULTS.mkdir(exist_ok=True)
        with LINES.open("a") as file:
            for number, result in enumerate(run_all(wanted, options.jobs), 1):
                file.write(json.dumps(result) + "\n")
                file.flush()
                print(f"{number}/{len(wanted)} {result['kind']} {result['type']}: {result['status']}", file=sys.stderr)
    TABLE.write_text(table())


if __name__ == "__main__":
    main()
