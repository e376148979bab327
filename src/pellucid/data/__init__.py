"""Texts on their way to a model: corpora, tokenizers, batches. Nothing here needs PyTorch."""
