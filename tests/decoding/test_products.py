import pytest
import torch

from pellucid.decoding.products import Product

generator = torch.Generator().manual_seed(4)


@pytest.mark.parametrize("rows", [1, 2, 16, 17, 256, 257])
@pytest.mark.parametrize("outputs", [7, 4001])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("autocast", [False, True])
def test_every_way_gives_the_linear_layer(rows, outputs, biased, autocast):
    weight = torch.randn(outputs, 24, generator=generator)
    bias = torch.randn(outputs, generator=generator) if biased else None
    x = torch.randn(rows, 24, generator=generator)
    wanted = torch.nn.functional.linear(x, weight, bias)
    product = Product(weight, bias)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        for given in (x, x.bfloat16()) if autocast else (x,):
            result = product(given)
            assert result.shape == wanted.shape
            error = (result.float() - wanted).norm() / wanted.norm()
            assert error < (0.01 if autocast else 1e-6)
