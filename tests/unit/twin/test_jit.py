"""The cache of compiled code: named by the sources, whoever imported numba first."""

from __future__ import annotations

import os
import subprocess
import sys

SHOW = "import numba, lithiate._jit as j, os; print(numba.config.CACHE_DIR); print(os.environ.get('NUMBA_CACHE_DIR'))"


def cache_folder(environment):
    done = subprocess.run([sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_cache_is_named_by_the_sources_though_numba_came_first(tmp_path):
    bare = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    folder, variable = cache_folder(bare | {"XDG_CACHE_HOME": str(tmp_path)})
    assert folder.startswith(str(tmp_path / "lithiate" / "numba-"))
    assert variable == "None"


def test_a_folder_that_the_user_chose_gets_a_part_of_its_own_and_children_the_same(tmp_path):
    chosen = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    folder, variable = cache_folder(chosen)
    assert folder.startswith(str(tmp_path / "lithiate-"))
    assert variable == str(tmp_path)
    assert cache_folder(chosen) == [folder, variable]
