"""Metrics as lines, as a table, and on boards."""

import sys
from types import SimpleNamespace

import polars as pl
import pytest

from metammo.cli.main import main
from metammo.learner.metrics import MetricsFile, boards_of
from metammo.learner.settings import TrainSettings


def test_the_table_has_every_metric_and_gaps_where_it_was_not_logged(tmp_path):
    file = MetricsFile(tmp_path, 0)
    file.write_table()
    assert not (tmp_path / "metrics.parquet").exists()
    file.write({"steps": 100.0, "loss": 1.5})
    file.write({"steps": 200.0, "loss": float("nan"), "evaluation/score": 0.25})
    file.write_table()
    table = pl.read_parquet(tmp_path / "metrics.parquet")
    assert table.schema == {"steps": pl.Int64, "loss": pl.Float64, "evaluation/score": pl.Float64}
    assert table["steps"].to_list() == [100, 200]
    assert table["evaluation/score"].to_list() == [None, 0.25]
    assert table["loss"].is_nan().to_list() == [False, True]


def test_a_resumed_run_drops_rows_after_its_checkpoint_and_a_line_cut_off(tmp_path):
    file = MetricsFile(tmp_path, 0)
    for steps in (100.0, 200.0, 300.0):
        file.write({"steps": steps})
    with file.path.open("a") as lines:
        lines.write('{"steps": 40')
    again = MetricsFile(tmp_path, 200)
    again.write({"steps": 250.0})
    again.write_table()
    table = pl.read_parquet(tmp_path / "metrics.parquet")
    assert table["steps"].to_list() == [100, 200, 250]


def test_tensorboard_can_be_left_out(tmp_path):
    assert boards_of(TrainSettings(tensorboard=False), tmp_path, 0, "id") == []
    assert not list(tmp_path.iterdir())
    (board,) = boards_of(TrainSettings(), tmp_path, 0, "id")
    board.write({"steps": 1.0, "loss": 2.0})
    board.close()
    assert list((tmp_path / "tensorboard").iterdir())


def test_a_resumed_run_goes_on_as_the_same_run_of_weights_and_biases(tmp_path, monkeypatch):
    logged = []
    run = SimpleNamespace(define_metric=lambda *_, **__: None, finish=lambda: logged.append("end"))
    run.log = logged.append

    def init(**told):
        logged.append((told["project"], told["id"], told["resume"]))
        assert told["config"]["ppo"]["epochs"] == 1
        return run

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=init))
    settings = TrainSettings(wandb="races", tensorboard=False)
    for steps in (0, 100):
        file = MetricsFile(tmp_path, steps, boards_of(settings, tmp_path, steps, "abc"))
        file.write({"steps": steps + 50.0})
        file.close()
    begun = ("races", "abc", "allow")
    assert logged == [begun, {"steps": 50.0}, "end", begun, {"steps": 150.0}, "end"]


def test_without_the_library_what_to_install_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "wandb", None)
    assert main(["train", "--wandb", "races", "--folder", str(tmp_path)]) == 2
    assert "pip install 'metammo[wandb]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore")
def test_weights_and_biases_keeps_a_run_without_a_network(tmp_path, monkeypatch):
    pytest.importorskip("wandb", reason="W&B is not installed: pip install wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    settings = TrainSettings(wandb="races", tensorboard=False)
    for steps in (0, 100):
        (board,) = boards_of(settings, tmp_path, steps, "abc")
        board.write({"steps": steps + 50.0, "loss": 1.0})
        board.close()
    kept = [path.name for path in (tmp_path / "wandb").glob("offline-run-*")]
    assert kept
    assert all(name.endswith("-abc") for name in kept)
