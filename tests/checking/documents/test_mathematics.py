import pytest

from pellucid.checking.documents.mathematics import in_a_line
from pellucid.checking.mapped_text import MappedText


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r"\frac{1}{3}", "1/3"),
        (r"\dfrac{a+b}{2}", "(a+b)/2"),
        (r"\frac{0.21}{\sqrt{3}} = \mathbf{0.1212}", "0.21/√3 = 0.1212"),
        (r"2\frac{1}{3}", "2(1)/(3)"),  # 21/3 would be another number
        (r"\frac12", "1/2"),
        (r"\sqrt{3}", "√3"),
        (r"\sqrt{a+b}", "√(a+b)"),
        (r"0.3\times0.1 \cdot 2 \div 4 \approx 1", "0.3×0.1 · 2 ÷ 4 ≈ 1"),
        (r"e^{0.21/\sqrt{3}}", "e^(0.21/√3)"),
        (r"e^{x} + e^{-x}", "e^x + e^(-x)"),
        (r"\exp{x} \exp(0.3) \exp\left(\frac{0.3}{2}\right)", "exp(x) exp(0.3) exp(0.3/2)"),
        (r"q_{\text{dog}} s_{12} w_{1,2} d _ k", "q_dog s_12 w_{1,2} d_k"),
        (r"x_{i+1}", "x_{i+1}"),  # x_i+1 would be another number
        (r"Q K^\top K^{T} K^\intercal K^{\mathsf T} W^{Q}", "Q K^T K^T K^T K^T W^Q"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "[[1, 2], [3, 4]]"),
        (r"\begin{pmatrix} 1 & 2 \\ \hline 3 & 4 \\ \end{pmatrix}^T", "[[1, 2], [3, 4]]^T"),
        (r"\begin{bmatrix} 1 & 2 \end{bmatrix}", "[[1, 2]]"),
        (r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}", "[[1], [2]]"),
        (r"\left[\begin{array}{cc}1 & 2\\ 3 & 4\end{array}\right]", "[[1, 2], [3, 4]]"),
        (r"( \begin{matrix} 1 & 2 \end{matrix} )", "[[1, 2]]"),
        (r"\underbrace{0.5}_{\text{half}} + \textcolor{red}{0.25}", "0.5 + 0.25"),
        (r"1{,}234.5 \% \{x\} \ldots", "1,234.5 % {x} …"),
        (r"\softmax(x) \operatorname*{softmax}(x)", "softmax(x) softmax(x)"),
        (r"\sum_{j=1}^{n} \alpha_j \in \mathbb{R}", "Σ_{j=1}^n α_j ∈ ℝ"),
        (r"\mathrm{e}^{2}", "e^2"),
        (r"-\infty \pm 1 \to 0", "-∞ ± 1 → 0"),
        ("a = 1 \\\\[2pt]\n  b = 2", "a = 1 \nb = 2"),
        (r"\begin{align*} a &= 1 & b &= 2 \\ c &= 3 && d \end{align*}", " a  = 1 \nb  = 2 \nc  = 3 \n  d "),
        (r"\begin{align} a &= 1 \cr &\quad + 2 \cr b &= 3 \end{align}", " a  = 1 \n   + 2 \nb  = 3 "),
        (r"\begin{alignat}{2} a &= \frac{1}{2} & \frac{3}{4} &= 2 \end{alignat}", " a  = 1/2 \n3/4  = 2 "),
        (
            r"\begin{aligned}[t] a &= \begin{bmatrix} 1 & 2 & 3 \end{bmatrix} & b \end{aligned}",
            " a  = [[1, 2, 3]] \nb ",
        ),
        (r"\begin{align} \begin{split} a & b & c \end{split} & d & e \end{align}", "  a   b   c    d \ne "),
        (r"\begin{equation} [1, 2] \end{equation} \begin{gather}[0] \end{gather}", " [1, 2]  [0] "),
        (r"0.4 \begin{bmatrix} 1 \\ 2 \end{bmatrix} x_1 \begin{bmatrix} 3 \end{bmatrix}", "0.4[[1], [2]] x_1 [[3]]"),
        (
            r"= .5\,\begin{pmatrix} 1 & 2 \end{pmatrix}, 2 \left[\begin{matrix} 1 \end{matrix}\right]",
            "= .5[[1, 2]], 2[[1]]",
        ),
        (r"\frac{\frac{\frac", ""),
        (r"}{ \end{x} \begin{y} ^_ & ", "^_  "),
    ],
)
def test_written_in_a_line(written, expected):
    assert in_a_line(MappedText.whole(written)).text == expected


def test_numbers_keep_their_place():
    written = r"\frac{0.21}{\sqrt{3}} = \mathbf{0.1212}"
    text = in_a_line(MappedText.whole(written, 100))
    start = text.text.index("0.1212")
    span = text.span(start, start + 6)
    assert written[span.start - 100 : span.end - 100] == "0.1212"
    assert text.span(start, start + 6) == (100 + written.index("0.1212"), 100 + written.index("0.1212") + 6)


@pytest.mark.parametrize("nest", [r"\frac{1}{", r"\sqrt{", "e^{", r"\text{", r"x_{"])
def test_nested_a_thousand_deep(nest):
    for text in (nest * 1000, nest * 1000 + "1" + "}" * 1000):
        assert isinstance(in_a_line(MappedText.whole(text)), MappedText)
