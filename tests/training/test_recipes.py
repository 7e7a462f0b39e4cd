"""The recipes: phases follow each other, shares add up, the model keeps to its budget."""

import pytest

from g4lab.errors import InputError
from g4lab.models.plan import parameter_counts, plan
from g4lab.training.corpus import tiny_world
from g4lab.training.recipes import RECIPES, recipe


@pytest.mark.parametrize("name", RECIPES)
def test_shares_add_up_and_name_domains(name):
    for phase in recipe(name).phases:
        assert sum(phase.mixture.values()) == pytest.approx(1)
        assert set(phase.mixture) <= set(tiny_world().DOMAINS)


@pytest.mark.parametrize("name", RECIPES)
def test_a_phase_begins_at_its_first_step(name):
    it = recipe(name)
    for before, phase in zip(it.phases, it.phases[1:], strict=False):
        assert it.phase(phase.start - 1) is before and it.phase(phase.start) is phase


@pytest.mark.parametrize("name", RECIPES)
def test_difficulty_grows_from_nothing_to_all(name):
    it = recipe(name)
    steps = 0, it.easy, it.easy + it.ramp // 2, it.steps
    assert [it.difficulty(step) for step in steps] == [0.0, 0.0, 0.5, 1.0]


def test_the_tiny_mixture_has_every_part_and_fits():
    config = recipe("tiny-moe").config
    assert sum(parameter_counts(config).values()) * 2 <= 10_000_000  # bfloat16
    assert config.experts == 32 and config.chosen == 2 and config.key_is_value and config.kinds[-1] == "global"


def test_the_small_dense_one_has_what_e2b_has_and_fits():
    config = recipe("tiny-e").config
    assert sum(parameter_counts(config).values()) * 2 <= 10_000_000  # bfloat16
    assert config.ple_dim and config.shared_layers and config.double_wide and not config.experts
    first, *_, last = (place for place, kind in enumerate(config.kinds) if kind == "global")
    assert last - first - 1 == 4 and last == config.layers - 1  # four local layers to a global one
    rows = plan(config)
    assert {row.owner for row in rows if row.borrows} == {first, config.owners - 1}


def test_an_unknown_name_is_an_input_error():
    with pytest.raises(InputError, match="tiny-moe"):
        recipe("tiny-x")
