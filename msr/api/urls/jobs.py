"""What workers do: jobs, what is done from time to time, and the workers."""

from __future__ import annotations

from django.urls import path

from msr.api import schedule, workers
from promotions import api as promotions

JOB = "jobs/<uuid:job_id>"

urlpatterns = [
    path("jobs", promotions.JobList.as_view()),
    path(JOB, promotions.JobDetail.as_view()),
    path(f"{JOB}/cancel", promotions.JobCancel.as_view()),
    path(f"{JOB}/logs", promotions.JobLogs.as_view()),
    path("crons", schedule.CronList.as_view()),
    path("crons/<api_name:action>", schedule.CronDetail.as_view()),
    path("workers", workers.WorkerList.as_view()),
]
