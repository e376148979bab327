"""What is known of tensors, by who they are."""

from pellucid.capturing.ledger import Ledger


def test_what_is_no_tensor_may_have_the_identity_that_one_had():
    """Identities are addresses, which are given again: a number must not be looked up among tensors."""
    ledger = Ledger(lambda record: None, lambda tensor: False, lambda: None)
    factor = 0.125
    ledger._followed.add(id(factor))
    assert ledger.trail(factor) is None
