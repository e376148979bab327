"""What a recipe may say: data, tokenizer, model, optimizer, schedule, validation."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class PairFiles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where pairs stand: in one file of tab-separated columns, or in files that correspond line by line.

    Args:
        tsv: a file with a source and its translation in every line.
        source: a file of sources; with `target`, in place of `tsv`.
        target: a file of translations, or several with one reference each.
        reverse: of a `tsv`, translate the second column into the first.
    """

    tsv: str = ""
    source: str = ""
    target: str | list[str] = ""
    reverse: bool = False


class PairData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="pairs"):
    """Translation.

    Args:
        train: what to learn.
        valid: what to validate on; several references for one source count together.
        joined: how many pairs that join two or three others are added, as a share of those there are, so that a model
            of short sentences also meets long ones.
        rare_words: a word is rare that stands in the sources of fewer pairs than this.
        repeat_rare: how many times a pair with a rare word in its source is given in an epoch.
    """

    train: PairFiles | list[PairFiles]
    valid: PairFiles
    joined: float = 0.0
    rare_words: int = 0
    repeat_rare: int = 1


class SyntheticData(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="synthetic"
):
    """A made-up translation: words of random letters, copied or reversed.

    Args:
        task: what the target is.
        letters: how many different ones.
        shortest, longest: of a word.
        train, valid: how many pairs.
    """

    task: Literal["copy", "reverse"]
    letters: int = 10
    shortest: int = 2
    longest: int = 8
    train: int = 2000
    valid: int = 100


class TextData(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="text"):
    """A language model's text.

    Args:
        train: the file, or several.
        valid: a file; without it, the end of `train` is kept for validation.
        valid_share: how much of it.
        documents: "none": one long text, of which windows are drawn at random places; "lines": every line is a
            document; anything else: the text that stands between documents. Documents are packed into rows, and none
            attends to another.
    """

    train: str | list[str]
    valid: str = ""
    valid_share: float = 0.1
    documents: str = "none"


class TokenizerSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tokenizer.

    Args:
        file: a tokenizer.json to use; without it one is trained on the training data.
        source_file: another one for the source side.
        kind: "bpe", "unigram", "characters" or "words".
        vocab_size: the entries of the vocabulary.
        joint: source and target share one.
        byte_fallback: of characters, whether unseen ones are spelt in bytes, or refused.
    """

    file: str = ""
    source_file: str = ""
    kind: Literal["bpe", "unigram", "characters", "words"] = "bpe"
    vocab_size: int = 8000
    joint: bool = True
    byte_fallback: bool = True


class TrainingSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The training itself.

    Args:
        steps: updates of the weights.
        start: the folder of a trained model to begin with: its weights and its tokenizer; without it weights are fresh.
        batch_tokens: of translation, tokens in a batch on its longer side, padding included.
        batch_size: of a language model, rows in a batch.
        context: of a language model, tokens in a row.
        accumulate: batches whose gradients make one update.
        label_smoothing: the share that every other token gets (Szegedy et al. 2016; Vaswani et al. 2017, §5.4).
        clip: the largest norm of the gradient; 0 for no limit.
        precision: "float32", or "bfloat16" for the products while weights and updates stay float32.
        compile: whether `torch.compile` translates the model first; for windows of one long text, whose rows have one
            length.
        skip_longer: leave out pairs that are longer than the model or a batch takes, and say how many.
        ema_decay: of the moving average of weights that is validated and delivered; 0 for none.
        average_last: how many of the last snapshots are averaged at the end (§6.1); 0 for none.
        snapshot_every: steps between snapshots for `average_last`.
        checkpoint_every: steps between checkpoints.
        keep: how many checkpoints are kept.
        log_every: steps between lines of the log.
        tensorboard: whether to write logs for TensorBoard.
    """

    steps: int
    start: str = ""
    batch_tokens: int = 4096
    batch_size: int = 12
    context: int = 256
    accumulate: int = 1
    label_smoothing: float = 0.0
    clip: float = 1.0
    precision: Literal["float32", "bfloat16"] = "float32"
    compile: bool = False
    skip_longer: bool = False
    ema_decay: float = 0.0
    average_last: int = 0
    snapshot_every: int = 500
    checkpoint_every: int = 500
    keep: int = 2
    log_every: int = 50
    tensorboard: bool = True


class OptimizerSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The optimizer.

    Args:
        kind: "adam" (Kingma and Ba 2015), "adamw" (Loshchilov and Hutter 2019) with decay of matrices only, or "muon"
            for matrices inside the layers (Jordan et al. 2024) and "adamw" for all else.
        learning_rate: the peak; under the schedule "paper" a factor.
        betas: of the moments; the paper's are 0.9 and 0.98.
        eps: the paper's is 1e-9.
        weight_decay: of AdamW and Muon.
        muon_learning_rate: the peak of Muon's.
        muon_momentum: its momentum.
    """

    kind: Literal["adam", "adamw", "muon"] = "adamw"
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-9
    weight_decay: float = 0.0
    muon_learning_rate: float = 0.02
    muon_momentum: float = 0.95


class ScheduleSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the learning rate goes.

    Args:
        kind: "paper" (Vaswani et al. 2017, §5.3), "inverse_sqrt", "cosine", "linear" or "constant".
        warmup: steps from nothing to the peak.
        final: the share of the peak that "cosine" and "linear" end at.
        hold: the share of the steps after warmup that "linear" stays at the peak before it falls.
    """

    kind: Literal["paper", "inverse_sqrt", "cosine", "linear", "constant"] = "cosine"
    warmup: int = 0
    final: float = 0.0
    hold: float = 0.0


class ValidationSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is measured on the way.

    Args:
        every: steps between validations.
        batches: of random windows, how many stand for the text; 0 for all of it.
        scores: of translation, whether to translate the validation set for sacreBLEU and chrF.
        score_every: steps between those; 0 for each validation.
        sentences: how many sentences are translated for them; 0 for all.
        num_beams: for them.
        bleu_tokenize: sacreBLEU's tokenisation; "none" for text that is tokenised already.
        select: what the best weights are chosen by.
        patience: validations without a better one until the training stops; 0 for never.
    """

    every: int = 500
    batches: int = 0
    scores: bool = False
    score_every: int = 0
    sentences: int = 0
    num_beams: int = 1
    bleu_tokenize: Literal["13a", "none"] = "13a"
    select: Literal["loss", "bleu", "chrf"] = "loss"
    patience: int = 0


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A training, whole.

    Args:
        name: of the model.
        about: what it is for, in a sentence.
        seed: of weights, order and dropout.
        data: what to learn from.
        tokenizer: how it is cut.
        model: settings of `TransformerConfig`; the vocabulary comes from the tokenizer.
        training, optimizer, schedule, validation: how it goes.
    """

    name: str
    data: PairData | SyntheticData | TextData
    model: dict[str, Any]
    training: TrainingSection
    about: str = ""
    seed: int = 1
    tokenizer: TokenizerSection = TokenizerSection()
    optimizer: OptimizerSection = OptimizerSection()
    schedule: ScheduleSection = ScheduleSection()
    validation: ValidationSection = ValidationSection()
