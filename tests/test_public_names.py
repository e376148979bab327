import pellucid


def test_the_public_names_are_these():
    assert sorted(pellucid.__all__) == pellucid.__all__
    assert pellucid.__all__ == [
        "Derivation",
        "Example",
        "PellucidError",
        "Producer",
        "Production",
        "Recording",
        "Report",
        "capture",
        "check",
        "explain",
        "load",
        "read_example",
        "shipped_examples",
    ]
    assert all(hasattr(pellucid, name) for name in pellucid.__all__)
    assert set(pellucid.__all__) <= set(dir(pellucid))
