"""The job of the alarms over members' points: what expires, arrives or is about to expire is settled and said."""

from __future__ import annotations

from points import attending
from points.attending import Attending
from points.balances import ACCOUNT
from points.store import programme
from shared.alarm_job import AlarmJob
from shared.naming import Verb, unnamed

ATTEND = Verb(ACCOUNT, unnamed, unnamed, attending.attend)
JOB = AlarmJob(ATTEND, lambda world: Attending(programme(world)), attending.alarm_for)
work, rehearse, look = JOB.work, JOB.rehearse, JOB.look
