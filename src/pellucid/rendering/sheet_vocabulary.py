"""Words on a sheet: cells that may be changed, whose ids follow, and the word that is chosen.

Spreadsheets compare texts without regard to case, except with EXACT.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pellucid.derivation import Axis
from pellucid.rendering.labels import row_label
from pellucid.rendering.sheet_layout import SheetBlock, SheetLayout
from pellucid.rendering.spreadsheet_formula import Cell, cell_name, fixed_name

WIDEST_LABEL = 28


@dataclass(frozen=True)
class WordsOfSheet:
    """Where words stand, and the formulas between words and ids.

    Args:
        layout: of the sheet.
    """

    layout: SheetLayout

    def word_cell(self, block: SheetBlock, position: int) -> Cell:
        """The cell of the word above an id."""
        row, column = block.cell((position,))
        return row - 1, column

    def takes_words(self, block: SheetBlock) -> bool:
        """Whether a block is of ids that follow from words."""
        return block.step.name in self.layout.tables

    def table_words(self, block: SheetBlock) -> str:
        """The cells of the words that may be used for the ids of a block."""
        (row, _), (last, _) = self.layout.tables[block.step.name].corners(0)
        return f"{fixed_name((row, 0))}:{fixed_name((last, 0))}"

    def word(self, block: SheetBlock, position: int) -> str:
        """The word of an id, as its table spells it."""
        return self._spelled[self.layout.tables[block.step.name].step.name][int(block.step.value[position])]

    @cached_property
    def _spelled(self) -> dict[str, list[str]]:
        """The words of every table, by its name."""
        grids = {table.step.name: table.grids[0] for table in self.layout.tables.values()}
        return {
            name: [row_label(grid, row, WIDEST_LABEL) for row in range(grid.shape[0])] for name, grid in grids.items()
        }

    def id_formula(self, block: SheetBlock, position: int) -> str | None:
        """The id of the word that stands above, #N/A for a word that is not in the vocabulary.

        `None` where the word does not tell: two of the vocabulary's are spelled so.
        """
        spelled = self._spelled[self.layout.tables[block.step.name].step.name]
        if spelled.count(self.word(block, position)) > 1:
            return None
        words, word = self.table_words(block), cell_name(self.word_cell(block, position))
        first = fixed_name((self.layout.tables[block.step.name].origin()[0], 0))
        found = f"SUMPRODUCT(EXACT({words},{word})*(ROW({words})-ROW({first})))"
        return f"IF(SUMPRODUCT(EXACT({words},{word})*1)=1,{found},NA())"

    @property
    def chosen_word(self) -> str | None:
        """The formula of the word that is chosen last; `None` where there is no choice or no words."""
        choice = self.layout.choice
        if choice is None or choice.operands[0].axes[-1].labels is None:
            return None
        (row, first), (_, last) = self.layout.blocks[choice.operands[0].name].corners(0)
        words = f"{fixed_name((row - 1, first))}:{fixed_name((row - 1, last))}"
        id_cell = self.layout.blocks[choice.name].cell((choice.shape[0] - 1,))
        return f"INDEX({words},1,{fixed_name(id_cell)}+1)"

    def label_formula(self, axis: Axis, position: int) -> str | None:
        """The cell of the word that a label repeats; `None` for a label that is no word of the input."""
        found = []
        for name in self.layout.tables:
            block = self.layout.blocks[name]
            labels = block.step.axes[0].labels
            assert labels is not None
            if axis.labels == labels:
                found.append(self.word_cell(block, position))
            elif axis.labels == labels[-1:]:  # the last token alone
                found.append(self.word_cell(block, len(labels) - 1))
        return fixed_name(found[0]) if len(found) == 1 else None
