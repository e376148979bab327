"""What an error says to people."""


def assert_one_sentence(message: str) -> None:
    assert message.endswith((".", "?"))
    assert "\n" not in message
    assert len(message) < 600
