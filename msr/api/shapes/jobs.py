"""Jobs, crons and workers: tmpresponses.Jobs, .Job, .JobLog, .Crons and .Workers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msr.api.shapes.kinds import shape

Job = shape(
    "Job",
    id=UUID,
    retryFromID=str,
    workerID=str,
    status=str,
    scheduledAt=datetime,
    lastUpdated=datetime,
    action=str,
    retriesLeft=int,
    retriesTotal=int,
    capacityMap=dict,
    parameters=dict,
    deadline=str,
    stopTimeout=str,
    reason=str,
)
Jobs = shape("Jobs", jobs=[Job])
JobLog = shape("JobLog", data=str, lineNum=int)
Cron = shape(
    "Cron",
    id=UUID,
    action=str,
    schedule=str,
    retries=int,
    capacityMap=dict,
    parameters=dict,
    deadline=str,
    stopTimeout=str,
    nextRun=datetime,
)
Crons = shape("Crons", crons=[Cron])
Worker = shape(
    "Worker",
    id=str,
    status=str,
    capacityMap=dict,
    heartbeatExpiration=datetime,
    queues=[str],
)
Workers = shape("Workers", workers=[Worker])
