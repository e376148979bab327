from pellucid.checking.report import Finding, Report
from pellucid.checking.source import Source


def test_roots_stand_before_what_follows_and_each_knows_its_columns(article):
    assert article.to("github").splitlines() == [
        "::error file=article.md,line=5,col=52,endColumn=56,title=wrong dot product"
        "::scores[sitting, The]: printed 0.13, right 0.21%0A0.13 is printed; the terms of this sum give 0.21.",
        "::notice file=article.md,title=row vectors::Tokens are rows.",
        "::error file=article.md,line=7,col=21,endColumn=27,title=follows"
        "::scaled_scores[sitting, The]: printed 0.0751, right 0.1212%0AThis is 0.13/√3.",
        "::error file=article.md,line=11,col=3,endColumn=7,title=follows"
        "::weights[sitting, The]: printed 0.15, right 0.16",
    ]


def test_what_github_would_read_as_commands_is_escaped():
    finding = Finding("missing", "a:b,c", "100%\r\n::error::no", line=3)
    annotation = Report("a,b:c%.md", 0, [finding], source=Source("a.md", "")).to("github")
    assert annotation == "::notice file=a%2Cb%3Ac%25.md,line=3,title=a%3Ab%2Cc::100%25%0D%0A::error::no\n"


def test_severities_become_errors_warnings_and_notices(found):
    text = "0.13"
    commands = {
        severity: Report("a.md", 1, [found(text, "0.13", severity)]).to("github").split(" ")[0]
        for severity in ("error", "drift", "last_digit", "convention", "missing")
    }
    assert commands == {
        "error": "::error",
        "drift": "::warning",
        "last_digit": "::warning",
        "convention": "::notice",
        "missing": "::notice",
    }


def test_a_file_that_cannot_be_read_is_an_error():
    annotation = Report("a.md", reason="it is a picture.").to("github")
    assert annotation == "::error file=a.md,title=unreadable::it is a picture.\n"
