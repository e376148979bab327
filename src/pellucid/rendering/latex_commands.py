"""What the LaTeX of this package is written in: a preamble, the colours of the roles, and a few commands."""

from __future__ import annotations

from pellucid.rendering.document import Role

COLOURS: dict[Role, str] = {
    "query": "1F5FBF",
    "key": "B85C00",
    "value": "1A7F37",
    "weight": "7B3FB5",
    "output": "007A7A",
}
"""Of the digits of a role, on white paper."""

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\ifdefined\Umathcode\else % pdfLaTeX: scalable fonts for the T1 encoding, where they are installed
  \IfFileExists{lmodern.sty}{\usepackage[T1]{fontenc}\usepackage{lmodern}}{}
\fi
\usepackage[margin=2.2cm]{geometry}
\usepackage{amsmath}
\usepackage{array}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage{xcolor}
"""


def definitions(width: float, columns: int) -> str:
    """Colours and commands that a body needs; what is already defined stays as it is.

    Args:
        width: of the lines that the body is set for, in em.
        columns: the most that a matrix has.
    """
    colours = "\n".join(rf"\providecolor{{pellucid{role}}}{{HTML}}{{{colour}}}" for role, colour in COLOURS.items())
    filled = {"@COLOURS@": colours, "@WIDTH@": f"{width:.0f}", "@COLUMNS@": str(columns)}
    text = _DEFINITIONS
    for place, value in filled.items():
        text = text.replace(place, value)
    return text


_DEFINITIONS = r"""% Made by pellucid. Needs the packages amsmath, array, booktabs, graphicx and xcolor,
% and lines of @WIDTH@em.
% What is defined here can be defined otherwise before, such as \newcommand{\pellucidsection}{\subsection}.
@COLOURS@
\ifdefined\pellucidwidth\else\newlength{\pellucidwidth}\fi
\ifdefined\pellucidbox\else\newsavebox{\pellucidbox}\fi
\providecommand{\pellucidtitle}[2]{\begin{center}{\Large\bfseries #1\par}\medskip{\itshape #2\par}\end{center}}
\providecommand{\pellucidsection}{\section}
\providecommand{\pellucidpart}{\subsection*}
% A new page, unless so many lines still fit on this one.
\providecommand{\pellucidneed}[1]{\par\penalty0{\dimen0=\pagegoal \advance\dimen0-\pagetotal
  \ifdim#1\baselineskip>\dimen0 \ifdim\dimen0>0pt \vfil\fi\break\fi}}
\providecommand{\pellucidnote}[1]{\par\medskip\noindent\fcolorbox{black!40}{black!4}{%
  \parbox{\dimexpr\linewidth-2\fboxsep-2\fboxrule\relax}{\textbf{Note}\quad #1}}\par\medskip}
% A character that the font may lack: itself or its code.
\providecommand{\pellucidchar}[1]{\pellucidbreak\ifdefined\Umathcode
  \iffontchar\font"#1 \symbol{"#1}\else\texttt{U+#1}\fi\else\texttt{U+#1}\fi}
\providecommand{\pellucidbreak}{\ifhmode\penalty500\hspace{0pt}\fi}
% Scaled down to a share of the line where it is wider.
\providecommand{\pellucidfit}[2][1]{\sbox{\pellucidbox}{#2}%
  \ifdim\wd\pellucidbox>#1\linewidth\resizebox{#1\linewidth}{!}{\usebox{\pellucidbox}}%
  \else\usebox{\pellucidbox}\fi}
% Matrices: all cells and column labels of one matrix are \pellucidwidth wide.
\providecommand{\pellucidwiden}[1]{\sbox{\pellucidbox}{#1}%
  \ifdim\wd\pellucidbox>\pellucidwidth\setlength{\pellucidwidth}{\wd\pellucidbox}\fi}
\providecommand{\pellucidstrut}{\rule[-1.1\dp\strutbox]{0pt}{1.1\dimexpr\ht\strutbox+\dp\strutbox\relax}}
\providecommand{\pellucidcell}[1]{\hspace{0.4em}\makebox[\pellucidwidth][r]{$#1$}\hspace{0.4em}\pellucidstrut}
\providecommand{\pellucidheat}[2]{{\fboxsep=0pt\colorbox{pellucidweight!#1}{\color{black}\pellucidcell{#2}}}}
\providecommand{\pellucidlabel}[1]{\text{\footnotesize\color{black!65}#1}\pellucidstrut}
% A display at the start of a paragraph, without the empty line that TeX would put above it.
\providecommand{\pellucidabove}{\ifvmode\nointerlineskip\noindent\makebox[0.6\linewidth]{}\fi}
\ifnum\value{MaxMatrixCols}<@COLUMNS@ \setcounter{MaxMatrixCols}{@COLUMNS@}\fi"""
