"""What runs because something happened."""

import dagster as dg

ALL: list[dg.SensorDefinition] = []
