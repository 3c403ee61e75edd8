"""The jobs that make codes in bulk: ordered, looked at. What a job decided is its entry in the campaign's pool.

The codes follow from that entry alone, so they exist when the order is answered; their file is made afterwards, in
steps (`coupons.code_files`), and made anew as often as it is wanted.
"""

from __future__ import annotations

from typing import Any

from coupons import code_files, locators, pool, store
from coupons.code_files import ADDRESS_SECONDS, MAKE, Job
from coupons.model import CodesAnswer, CodesRequest, JobAnswer
from coupons.pool import Making
from shared import keys, places
from shared.clock import from_ms
from shared.codes import Form
from shared.coupons_of import Codebook
from shared.errors import NotFound
from shared.http import Call, Reply
from shared.naming import OPEN_NAME_LIFE
from shared.table import Item
from shared.world import World


def order(call: Call[CodesRequest]) -> Reply:
    """Make codes of a campaign in bulk. They exist when this has answered; the file of them is made by a job.

    The same job again gets the same codes, and their file anew if it has gone meanwhile.
    """
    world, campaign_id = call.world, call.path["campaign_id"]
    naming = call.naming("codes", call.body.job_id)
    locator = locators.find(world, campaign_id, Form.BULK)
    done = world.ledger.perform(
        MAKE,
        naming,
        lambda _: (campaign_id, _making(call, campaign_id, locator)),
        agreed=lambda: locators.take(world, locator, campaign_id, Form.BULK),
    )
    locators.raise_made(world, pool.POOL.unpack(done.item["s"]))
    job = code_files.of_done(done)
    file = code_files.begin(world, job)
    if not file.is_whole and job.count <= code_files.AT_ONCE:
        code_files.step(world, naming.partition, job, file)
    elif not file.is_whole:
        world.queues.carry_on(code_files.QUEUE, naming.partition)
    return Reply(CodesAnswer(job_id=call.body.job_id, status="queued"), 202, is_replay=done.is_replay)


def _making(call: Call[CodesRequest], campaign_id: str, locator: int) -> Making:
    """The job by the settings of this moment; raises why there can be none."""
    running = store.campaign(call.world, campaign_id)
    pool.check_makes_codes(running.campaign, places.of_programme(call.world).day(call.now))
    return Making(
        job_id=call.body.job_id,
        campaign_id=campaign_id,
        count=call.body.count,
        edition=running.edition,
        locator=locator,
        key=Codebook(call.world).key,
        total=running.campaign.limits.total,
    )


def look(call: Call[Any]) -> JobAnswer:
    """How far a job has come, and where its file can be fetched for the next minutes."""
    world, job_id = call.world, call.path["job_id"]
    name = world.ledger.table.get(keys.codes(job_id), 0, consistent=True)
    if name is None:
        raise NotFound("job_not_found")
    job = code_files.decided(world, name)
    return _undecided(world, name) if job is None else _told(world, job)


def _undecided(world: World, name: Item) -> JobAnswer:
    """A job whose process died before anything was decided: its caller finishes it by asking again, within a day."""
    is_dead = world.clock.now() - from_ms(name["t"]) > OPEN_NAME_LIFE
    return JobAnswer(status="failed" if is_dead else "queued", done=0, total=name["op"]["n"])


def _told(world: World, job: Job) -> JobAnswer:
    file = code_files.progress(world, job)
    if file is None:  # fetched or not, it has gone; the codes have not
        return JobAnswer(status="done", done=job.count, total=job.count)
    if not file.is_whole:
        return JobAnswer(status="running" if file.done else "queued", done=file.done, total=job.count)
    address = world.files.address(keys.codes_file(job.job_id), ADDRESS_SECONDS)
    return JobAnswer(status="done", done=job.count, total=job.count, download_url=address)
