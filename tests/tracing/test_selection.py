"""Which sites a trace holds: the usual ones, patterns, and patterns spelled out for some layers."""

import pytest

from g4lab.config import preset
from g4lab.errors import InputError
from g4lab.models.plan import plan
from g4lab.tracing.selection import OF_A_MIXTURE, USUAL, select

E2B, MIXTURE = plan(preset("e2b")), plan(preset("26b-a4b"))


def test_the_usual_sites_have_routers_only_where_the_model_has():
    assert select(E2B) == USUAL
    assert select(MIXTURE) == USUAL + OF_A_MIXTURE


def test_one_pattern_may_be_a_bare_string():
    assert select(E2B, "layers.*.residual") == select(E2B, ["layers.*.residual"]) == ("layers.*.residual",)


def test_layers_are_spelled_out_and_other_sites_kept():
    chosen = select(MIXTURE, ["embedding", "layers.*.router.*"], layers=(2, 0))
    assert chosen == ("embedding", "layers.2.router.*", "layers.0.router.*")


def test_a_borrower_stands_for_its_owner():
    borrower = next(layer for layer in E2B if layer.borrows)
    chosen = select(E2B, ["layers.*.attention.q", "layers.*.attention.k"], layers=[borrower.index])
    assert chosen == (f"layers.{borrower.index}.attention.q", f"layers.{borrower.owner}.attention.k")


@pytest.mark.parametrize("layer", [-1, 30])
def test_a_layer_that_is_not_there_is_an_input_error(layer):
    with pytest.raises(InputError, match=f"no layer {layer}"):
        select(MIXTURE, layers=[layer])
