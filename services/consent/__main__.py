"""Starts consent."""

from services.consent.stage import ConsentStage
from services.runtime.stage_process import run_stage

if __name__ == "__main__":
    run_stage(ConsentStage)
