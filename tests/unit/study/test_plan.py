"""Tasks of a study and their seeds."""

from __future__ import annotations

from lithiate.study.plan import derive_seed, plan_tasks
from lithiate.study.spec import load_study


def test_every_pair_has_its_cells_and_its_members(study_file):
    tasks = plan_tasks(load_study(study_file))
    assert len(tasks) == 2 * 2 * (1 + 3)
    assert tasks[0].name == "symmetric 1 mA / WN/Mo2N@HCN/Li / cell 1"
    assert tasks[1].name == "symmetric 1 mA / WN/Mo2N@HCN/Li / ensemble member 1"


def test_seeds_do_not_depend_on_the_anode(study_file):
    tasks = plan_tasks(load_study(study_file))
    seeds = {}
    for task in tasks:
        seeds.setdefault((task.experiment, task.replicate, task.member), set()).add(task.seed)
    assert all(len(values) == 1 for values in seeds.values())
    assert len(set().union(*seeds.values())) == len(seeds)


def test_replicates_have_scatter_and_a_single_cell_has_none(study_file):
    assert all(task.scatter_seed is None for task in plan_tasks(load_study(study_file)))
    text = study_file.read_text(encoding="utf-8").replace("cycles = 30", "cycles = 30\nreplicates = 3")
    study_file.write_text(text, encoding="utf-8")
    cells = [task for task in plan_tasks(load_study(study_file)) if task.protocol.kind == "symmetric-cycling"]
    nominal = [task for task in cells if task.member is None and task.anode == "Li foil"]
    assert [task.replicate for task in nominal] == [1, 2, 3]
    assert len({task.scatter_seed for task in nominal}) == 3
    assert all(task.scatter_seed is None for task in cells if task.member is not None)


def test_derived_seeds_are_fixed_for_all_time():
    # The first four bytes of sha256("1\nsymmetric\n1\nsolve"), computed with coreutils' sha256sum.
    assert derive_seed(1, "symmetric", 1, "solve") == 0x240C44F1
