"""When the jobs run by themselves, under `tradewind up`."""

import dagster as dg

ALL: list[dg.ScheduleDefinition] = []
