"""Runs rate-and-bill."""

from services.rate_and_bill.metrics import stray_outcomes
from services.rate_and_bill.stage import RateAndBillStage
from services.runtime.stage_process import run_stage

if __name__ == "__main__":
    run_stage(lambda: RateAndBillStage(on_stray_outcome=lambda kind: stray_outcomes.labels(kind).inc()))
