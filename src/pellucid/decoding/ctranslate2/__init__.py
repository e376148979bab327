"""Our models in CTranslate2, a fast engine: exported, and run with our beam search's choices."""

from pellucid.decoding.ctranslate2.cache import cache_folder, open_fast
from pellucid.decoding.ctranslate2.engine import FastTranslator
from pellucid.decoding.ctranslate2.export import export_ctranslate2

__all__ = ["FastTranslator", "cache_folder", "export_ctranslate2", "open_fast"]
