"""Runs delivery."""

from services.delivery.metrics import dropped_records
from services.delivery.stage import DeliveryStage
from services.runtime.stage_process import run_stage

if __name__ == "__main__":
    run_stage(lambda: DeliveryStage(lambda what: dropped_records.labels(what).inc()))
