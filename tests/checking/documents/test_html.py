import pytest

from outlines import outline, read


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<title>T</title><h1>T</h1><p>one<p>two", [("heading", "T"), ("prose", "one"), ("prose", "two")]),
        ("<p>0.3 &times; 0.1&#61;0.03 &lt; 1</p>", [("prose", "0.3 × 0.1=0.03 < 1")]),
        ("e<sup>0.21/√3</sup> x<sub>i,j</sub> K<sup>T</sup>", [("prose", "e^(0.21/√3) x_{i,j} K^T")]),
        ("<p>a\n   b<br>c <b>d</b></p>", [("prose", "a b\nc d")]),
        ("<script>0.1</script><style>0.2</style><!-- 0.3 -->0.4", [("prose", "0.4")]),
        ("<table><tr><th>a<th>b<tr><td>1<td>2</table>", [[["a", "b"], ["1", "2"]]]),
        ("<td>1</td>", [("prose", "1")]),
        ("<dl><dt>a</dt><dd>= 1</dd><dt>b</dt><dd>= 2</dd></dl>", [("prose", "a = 1"), ("prose", "b = 2")]),
        ("<pre><code class='language-python'>x = 1 # c\n</code></pre>", [("code", "x = 1"), ("comment", "c")]),
        ("<pre>a  b\n  c</pre>", [("verbatim", "a  b\n  c")]),
        ("so $\\frac{1}{3}$ \\[ x \\]", [("prose", "so 1/3"), ("mathematics", "x")]),
        (
            "<math><mfrac><mn>1</mn><msqrt><mn>3</mn></msqrt></mfrac><mo>=</mo><msup><mi>e</mi><mrow><mo>-</mo><mi>x</mi>"
            "</mrow></msup><annotation>0.5</annotation></math>",
            [("prose", "1/√3=e^(-x)")],
        ),
        (
            "<math><mo>[</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable><mo>]</mo></math>",
            [("prose", "[[1, 2]]")],
        ),
        (
            "<span class='katex'><math><mn>1</mn></math><span class='katex-html'><span>1</span></span></span>",
            [("prose", "1")],
        ),
    ],
)
def test_read(written, expected):
    assert outline(read(written, "html")) == expected


def test_captions():
    first, second = read(
        "<table><caption>The <b>scores</b></caption><tr><td>1</table>"
        "<figure><table><tr><td>2</table><figcaption>Weights</figcaption></figure>",
        "html",
    )
    assert (first.caption, second.caption) == ("The scores", "Weights")
