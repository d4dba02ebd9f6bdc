"""Starts session-window."""

from services.runtime.stage_process import run_stage
from services.session_window.stage import SessionWindowStage

if __name__ == "__main__":
    run_stage(SessionWindowStage)
