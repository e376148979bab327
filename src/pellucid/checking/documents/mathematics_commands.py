"""What the commands of LaTeX mathematics mean in a line of text."""

from __future__ import annotations

SYMBOLS = {
    "times": "×", "cdot": "·", "ast": "*", "star": "*", "div": "÷", "pm": "±", "mp": "∓", "bullet": "·", "cdotp": "·",
    "approx": "≈", "simeq": "≈", "cong": "≈", "doteq": "≈", "approxeq": "≈", "thickapprox": "≈", "sim": "∼",
    "ne": "≠", "neq": "≠", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "lt": "<", "gt": ">", "ll": "≪", "gg": "≫",
    "equiv": "≡", "propto": "∝", "infty": "∞", "in": "∈", "notin": "∉", "subset": "⊂", "cup": "∪", "cap": "∩",
    "forall": "∀", "exists": "∃", "partial": "∂", "nabla": "∇", "odot": "⊙", "oplus": "⊕", "otimes": "⊗",
    "to": "→", "rightarrow": "→", "longrightarrow": "→", "Rightarrow": "⇒", "implies": "⇒", "mapsto": "↦",
    "leftarrow": "←", "gets": "←", "Leftarrow": "⇐", "leftrightarrow": "↔", "iff": "⇔", "Longrightarrow": "⇒",
    "ldots": "…", "dots": "…", "cdots": "…", "vdots": "…", "ddots": "…", "dotsc": "…", "dotsb": "…", "textellipsis": "…",
    "sum": "Σ", "prod": "Π", "int": "∫", "top": "T", "intercal": "T", "prime": "′", "circ": "°", "colon": ":",
    "lbrack": "[", "rbrack": "]", "lbrace": "{", "rbrace": "}", "langle": "⟨", "rangle": "⟩",
    "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "lVert": "‖", "rVert": "‖", "Vert": "‖", "parallel": "‖",
    "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "textbackslash": "\\", "backslash": "\\",
    "textless": "<", "textgreater": ">", "textbar": "|", "textasciitilde": "~", "textasciicircum": "^",
    "textquotesingle": "'", "textminus": "−", "textendash": "–", "textemdash": "—", "texttimes": "×",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ",
    "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "varphi": "φ", "chi": "χ",
    "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π",
    "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "ell": "ℓ", "hbar": "ħ",
    "quad": " ", "qquad": " ", "enspace": " ", "thinspace": " ", "space": " ", "cr": "\n", "newline": "\n",
    "tabularnewline": "\n", "linebreak": "\n", "TeX": "TeX", "LaTeX": "LaTeX", "checkmark": "✓",
}  # fmt: skip
"""Commands that stand for a character."""

SIGNS = {",": " ", ";": " ", ":": " ", ">": " ", " ": " ", "\n": " ", "\t": " ", "!": "", "/": "", "-": "", "@": "",
         "(": "", ")": "", "[": "", "]": "", "|": "‖", "\r": " "}  # fmt: skip
"""Commands of one sign; any other stands for itself, as \\% and \\{ do."""

OPERATORS = frozenset(
    ["exp", "log", "ln", "lg", "max", "min", "sin", "cos", "tan", "tanh", "sinh", "cosh", "arg", "argmax", "argmin", "softmax", "sup", "inf", "lim", "det", "dim", "ker", "rank", "tr", "trace", "relu", "gelu", "sigmoid", "concat", "attention", "attn", "head", "mask", "dropout", "layernorm"]
)
"""Functions: \\exp{x} is exp(x)."""

DROPPED = {
    "label": 1, "tag": 1, "color": 1, "textcolor": 1, "colorbox": 1, "fcolorbox": 2, "pagecolor": 1, "phantom": 1,
    "hphantom": 1, "vphantom": 1, "hspace": 1, "vspace": 1, "rule": 2, "multicolumn": 2, "multirow": 2, "cite": 1,
    "citep": 1, "citet": 1, "ref": 1, "eqref": 1, "pageref": 1, "cref": 1, "Cref": 1, "autoref": 1, "href": 1,
    "includegraphics": 1, "raisebox": 1, "scalebox": 1, "resizebox": 2, "setlength": 2, "addtolength": 2,
    "fontsize": 2, "cline": 1, "cmidrule": 1, "rowcolor": 1, "cellcolor": 1, "rowcolors": 3, "underset": 1, "overset": 1,
    "stackrel": 1, "makebox": 0, "index": 1, "hypertarget": 1, "hyperlink": 1, "usepackage": 1, "documentclass": 1,
    "bibliography": 1, "bibliographystyle": 1, "input": 1, "include": 1, "newlength": 1, "newsavebox": 1, "setcounter": 2,
    "addtocounter": 2, "definecolor": 3, "providecolor": 3, "thispagestyle": 1, "pagestyle": 1, "parbox": 1, "arraystretch": 1,
    "pellucidneed": 1, "pellucidwiden": 1, "pellucidheat": 1, "url": 0, "captionsetup": 1, "geometry": 1, "graphicspath": 1,
    "date": 1, "cellcolors": 1, "vskip": 0, "hskip": 0, "htmlClass": 1, "class": 1, "cssId": 1, "style": 1, "bbox": 0,
}  # fmt: skip
"""How many arguments say nothing to a reader; what follows them is read."""

SILENT = frozenset(
    ["displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle", "limits", "nolimits", "nonumber", "notag", "hline", "hfill", "hfil", "noindent", "centering", "raggedright", "toprule", "midrule", "bottomrule", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr", "bigm", "Bigm", "middle", "left", "right", "mathop", "mathrel", "mathbin", "mathord", "mathopen", "mathclose", "text", "mathbf", "mathrm", "mathit", "mathsf", "mathtt", "mathcal", "mathbb", "operatorname", "textbf", "textit", "texttt", "textrm", "textsf", "textsc", "textnormal", "emph", "boldsymbol", "bm", "pmb", "vec", "hat", "widehat", "bar", "tilde", "widetilde", "dot", "ddot", "overline", "underline", "boxed", "fbox", "mbox", "hbox", "ensuremath", "bf", "it", "rm", "sf", "tt", "em", "bfseries", "itshape", "rmfamily", "small", "footnotesize", "scriptsize", "tiny", "normalsize", "large", "Large", "LARGE", "huge", "Huge", "medskip", "smallskip", "bigskip", "newpage", "clearpage", "allowbreak", "relax", "null", "strut", "mathstrut", "par", "sloppy", "allowdisplaybreaks", "maketitle", "tableofcontents", "appendix", "protect", "leavevmode", "unskip", "ignorespaces", "cancel", "smash", "centerline", "uline", "lefteqn", "xspace"]
)
"""Commands that change how something looks; the braces after them are read as any others."""

LETTERS = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "Q": "ℚ", "C": "ℂ", "E": "𝔼"}
"""Blackboard bold."""

MATRICES = frozenset(
    ["matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "psmallmatrix", "bsmallmatrix", "array"]
)
