"""The benchmark measures something; how fast that is, no test says."""

from infra import bench, bench_stores
from infra.bench_shop import MIX


def test_every_figure_is_measured(monkeypatch):
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "OPERATIONS", 10)
    monkeypatch.setattr(bench_stores, "STORES", 20_000)
    monkeypatch.setattr(bench_stores, "SEARCHES", 3)
    figures = bench.measure()
    assert len({figure.what for figure in figures}) == len(figures) == 5 + 4 + 1 + len(MIX) + bench.TOP
    assert all(figure.value > 0 for figure in figures)
    assert {"what", "value", "unit", "note"} == set(bench.as_dicts(figures)[0])
    assert bench.as_words(figures).count("\n") == len(figures) - 1
