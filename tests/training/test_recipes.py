"""The recipes: phases follow each other, shares add up, the model keeps to its budget."""

import pytest

from g4lab.errors import InputError
from g4lab.models.plan import parameter_counts
from g4lab.training.corpus import tiny_world
from g4lab.training.recipes import RECIPES, recipe


@pytest.mark.parametrize("name", RECIPES)
def test_shares_add_up_and_name_domains(name):
    for phase in recipe(name).phases:
        assert sum(phase.mixture.values()) == pytest.approx(1)
        assert set(phase.mixture) <= set(tiny_world().DOMAINS)


@pytest.mark.parametrize("name", RECIPES)
def test_a_phase_begins_at_its_first_step_and_easy(name):
    plan = recipe(name)
    for before, phase in zip(plan.phases, plan.phases[1:], strict=False):
        assert plan.phase(phase.start - 1) is before and plan.phase(phase.start) is phase
        assert plan.difficulty(phase.start) == (0.0 if phase.ramp else 1.0)


def test_the_tiny_mixture_has_every_part_and_fits():
    config = recipe("tiny-moe").config
    assert sum(parameter_counts(config).values()) * 2 <= 10_000_000  # bfloat16
    assert config.experts == 32 and config.chosen == 2 and config.key_is_value and config.kinds[-1] == "global"


def test_an_unknown_name_is_an_input_error():
    with pytest.raises(InputError, match="tiny-moe"):
        recipe("tiny-x")
