"""The benchmark measures something; how fast that is, no test says."""

from infra import bench


def test_every_figure_is_measured(monkeypatch):
    monkeypatch.setattr(bench, "ROUNDS", 1)
    figures = bench.measure()
    assert len({figure.what for figure in figures}) == len(figures) == 5
    assert all(figure.value > 0 for figure in figures)
    assert {"what", "value", "unit", "note"} == set(bench.as_dicts(figures)[0])
    assert bench.as_words(figures).count("\n") == len(figures) - 1
