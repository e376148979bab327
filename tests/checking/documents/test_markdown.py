import pytest

from outlines import outline, read


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("# A *title* with $d_k$ #\n", [("heading", "A title with d_k")]),
        ("Title\n===\n\ntext\n", [("heading", "Title"), ("prose", "text")]),
        ("0.3*0.1 + 0.4*0.3 = 0.15", [("prose", "0.3*0.1 + 0.4*0.3 = 0.15")]),
        ("x**2 + (a)*(b) and d_k, __all__", [("prose", "x**2 + (a)*(b) and d_k, all")]),
        ("**0.29** and *0.3*, __bold__ and _this_", [("prose", "0.29 and 0.3, bold and this")]),
        ("one\ntwo\n\nthree", [("prose", "one\ntwo"), ("prose", "three")]),
        ("- one\n- two\n  - three\n    more\n1. four", [("prose", t) for t in ("one", "two", "three\nmore", "four")]),
        ("> one\n> > two\n", [("prose", "one"), ("prose", "two")]),
        ("It is $\\frac{1}{3}$, for $5 and $10.", [("prose", "It is 1/3, for $5 and $10.")]),
        ("a $$x = 1$$ b", [("prose", "a"), ("mathematics", "x = 1"), ("prose", "b")]),
        ("$$\n\\sqrt{3}\n$$\n", [("mathematics", "√3")]),
        ("\\[ x^{2} \\]\n\nso \\(x_{1}\\)", [("mathematics", "x^2"), ("prose", "so x_1")]),
        ("```math\n\\frac{1}{2}\n```", [("mathematics", "1/2")]),
        ("```attention\nquery: [[1]]\n```", [("example", "query: [[1]]")]),
        ("```\na  b\n```\n~~~ text\nc\n~~~", [("verbatim", "a  b"), ("verbatim", "c")]),
        ("    indented", [("verbatim", "indented")]),
        ("```python\nx = 1  # one\n```", [("code", "x = 1"), ("comment", "one")]),
        ("---\ntitle: 0.5\n---\ntext <!-- 0.6 --> end", [("prose", "text  end")]),
        ("[text](http://a.b/1 'c') ![image](2.png) [1, 2]", [("prose", "text  [1, 2]")]),
        ("[[1, 2], [3, 4]]", [("prose", "[[1, 2], [3, 4]]")]),
        (
            "x<sub>1</sub> e<sup>0.21/2</sup> K<sup>T</sup> a<br>b &times; \\*",
            [("prose", "x_1 e^(0.21/2) K^T a\nb × *")],
        ),
        ("`0.3 * 0.1` and ``a`b``", [("prose", "0.3 * 0.1 and a`b")]),
        ("| a \\| b | $x_{1}$ |\n|---|--:|\n| **1** | `2` |\n", [[["a | b", "x_1"], ["1", "2"]]]),
        ("a | b\n- | -\n1 | 2\n\ntext", [[["a", "b"], ["1", "2"]], ("prose", "text")]),
        ("<table><tr><td>1</td><td>2</td></tr></table>\n\ntext", [[["1", "2"]], ("prose", "text")]),
    ],
)
def test_read(written, expected):
    assert outline(read(written, "markdown")) == expected
    crlf = outline(read(written.replace("\n", "\r\n"), "markdown"))
    assert [len(part) for part in crlf] == [len(part) for part in expected]
