"""The decoder-only Transformer: a language model (Radford et al. 2018; Vaswani et al. 2017 without the encoder)."""

from __future__ import annotations

from pellucid.nn.cache import KeyValueCache
from pellucid.nn.model import Model
from pellucid.nn.tensors import Bool, Float, Int, Tensor


class DecoderOnly(Model):
    """Predicts every token from the tokens before it."""

    def forward(
        self,
        ids: Int[Tensor, "batch n"],
        *,
        mask: Bool[Tensor, "batch n n_k"] | None = None,
        positions: Int[Tensor, "batch n"] | None = None,
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "batch n vocabulary"]:
        """The logits of every next token.

        Args:
            ids: token ids; with a cache only those it does not hold.
            mask: true where a token (row) may see another (column, those of the cache first); what is later is
                never seen. `None` for everything up to itself.
            positions: of every token, where they do not follow each other from what the cache holds: prompts padded
                on the left, several texts packed into one row.
            cache: from `new_cache`; takes in the tokens.
        """
        return self.project(self.hidden(ids, mask=mask, positions=positions, cache=cache))

    def hidden(
        self,
        ids: Int[Tensor, "batch n"],
        *,
        mask: Bool[Tensor, "batch n n_k"] | None = None,
        positions: Int[Tensor, "batch n"] | None = None,
        cache: KeyValueCache | None = None,
    ) -> Float[Tensor, "batch n d_model"]:
        """What `project` turns into logits."""
        return self.decoder(ids, self.target_embedding, mask, positions, cache=cache)  # type: ignore[no-any-return]  # nn.Module's call
