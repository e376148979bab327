"""To and from the checkpoints of Hugging Face transformers; transformers itself is not needed."""

from pellucid.nn.converters.checkpoint import from_transformers, to_transformers
from pellucid.nn.converters.llama2c import from_llama2c

__all__ = ["from_llama2c", "from_transformers", "to_transformers"]
