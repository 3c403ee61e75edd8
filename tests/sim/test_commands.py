"""`omo sim`: what it runs, keeps, goes on with and adds up."""

import json
from concurrent.futures.process import BrokenProcessPool

import pytest

from infra import cli
from tests.sim import campaign
from tests.sim.campaign import Journal, Part


@pytest.fixture
def sim(tmp_path, capsys):
    def run(*arguments):
        status = cli.run(["sim", "--json", "--dir", str(tmp_path), *arguments])
        return status, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """No processes of their own, and parts that say that they ran."""

    def at_once(wanted, _until, _processes, done):
        for first, _ in zip(wanted, range(5), strict=False):
            done(part(first))

    monkeypatch.setattr(campaign, "run", at_once)


def part(first, code=None, **more):
    return Part(first, seeds=100, deliveries=17_000, code=code or campaign.code(), digest=f"d{first}", **more)


def test_one_seed_tells_all_that_is_wrong_with_it(sim):
    status, said = sim("--seed", "5")
    assert (status, said["seed"], said["faults"]) == (0, 5, [])
    assert said["deliveries"] > 0


def test_a_campaign_goes_on_where_it_stopped(sim, tmp_path):
    assert sim("--seeds", "300")[1]["seeds"] == 300
    assert sim("--seeds", "500", "--resume")[1]["seeds"] == 500
    firsts = [one.first for one in Journal(tmp_path / "sim.jsonl").parts()]
    assert firsts == [0, 100, 200, 300, 400]


def test_a_new_campaign_keeps_the_journal_of_the_one_before(sim, tmp_path):
    sim("--seeds", "200")
    sim("--seeds", "100")
    sim("--seeds", "100", "--first", "700")
    assert [len(Journal(tmp_path / name).parts()) for name in ("sim-1.jsonl", "sim-2.jsonl", "sim.jsonl")] == [2, 1, 1]


def test_minutes_alone_have_no_end_of_seeds(sim):
    assert sim("--minutes", "600")[1]["seeds"] == 500  # as many as the fixture lets it take


def test_a_killed_process_ends_it_with_a_word(sim, monkeypatch, tmp_path):
    def killed(wanted, _until, _processes, done):
        done(part(next(wanted)))
        raise BrokenProcessPool

    sim("--seeds", "100")
    monkeypatch.setattr(campaign, "run", killed)
    status, said = sim("--seeds", "300", "--resume")
    assert (status, "--resume" in said["error"]) == (1, True)
    assert [one.first for one in Journal(tmp_path / "sim.jsonl").parts()] == [0, 100]


def test_other_code_is_another_campaign(sim, tmp_path):
    Journal(tmp_path / "sim.jsonl").add(part(0, code="older"))
    status, said = sim("--resume")
    assert (status, "code has changed" in said["error"]) == (1, True)


def test_journals_are_added_up_and_the_same_part_counts_once(sim, tmp_path):
    here, there = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for path, firsts in ((here, (0, 100)), (there, (100, 200))):
        for first in firsts:
            Journal(path).add(part(first, faulty={"217": "lost"} if first == 200 else {}))
    status, said = sim("--sum", str(here), str(there))
    assert (status, said["seeds"], said["deliveries"], said["faulty"]) == (1, 300, 51_000, [217])


def test_machines_that_disagree_about_a_seed_are_told(sim, tmp_path):
    here, there = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    Journal(here).add(part(0))
    Journal(there).add(Part(0, seeds=100, code=campaign.code(), digest="other"))
    assert sim("--sum", str(here), str(there))[0] == 1
    assert "there is no journal" in sim("--sum", str(tmp_path / "c.jsonl"))[1]["error"]


@pytest.mark.parametrize("wrong", [("--seeds", "0"), ("--seed", "-1"), ("--processes", "0"), ("--minutes", "x")])
def test_wrong_usage_is_said(sim, wrong):
    with pytest.raises(SystemExit) as ended:
        sim(*wrong)
    assert ended.value.code == 2
