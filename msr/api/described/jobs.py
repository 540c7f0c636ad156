"""Jobs, crons and workers."""

from __future__ import annotations

from msr.api import schedule, workers
from msr.api.described.kinds import GONE, Described, Rows
from msr.api.shapes import jobs
from promotions import api as promotions
from promotions.api.jobs import JobForm, JobQuery, LogQuery

DESCRIBED: Rows = {
    promotions.JobList: {
        "get": Described(jobs.Jobs, query=JobQuery, leads_on=True),
        "post": Described(jobs.Job, body=JobForm, status=202),
    },
    promotions.JobDetail: {"get": Described(jobs.Job)},
    promotions.JobCancel: {"post": GONE},
    promotions.JobLogs: {"get": Described([jobs.JobLog], query=LogQuery)},
    schedule.CronList: {"get": Described(jobs.Crons)},
    schedule.CronDetail: {"get": Described(jobs.Cron)},
    workers.WorkerList: {"get": Described(jobs.Workers)},
}
