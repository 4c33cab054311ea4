"""
Golden texts of runs, status and forecast: file name -> what the views say now. Run as a script, it rewrites
golden_health/; hands do not.
"""

from __future__ import annotations

from pathlib import Path

from exportctl.views import json_health, markdown_health, svg_forecast, text_forecast, text_runs, text_status
from tests.views.sample_health import empty_reports, forecast_report, runs_report, status_report

FOLDER = Path(__file__).parent / "golden_health"


def texts() -> dict[str, str]:
    runs, status, forecast = runs_report(), status_report(), forecast_report()
    nothing = empty_reports()
    return {
        "runs.txt": text_runs.render_runs(runs),
        "runs-60.txt": text_runs.render_runs(runs, width=60),
        "runs.md": markdown_health.render_runs(runs),
        "runs.json": json_health.render_runs(runs),
        "status.txt": text_status.render_status(status),
        "status.md": markdown_health.render_status(status),
        "status.json": json_health.render_status(status),
        "forecast.txt": text_forecast.render_forecast(forecast),
        "forecast-60.txt": text_forecast.render_forecast(forecast, width=60),
        "forecast-60-days.txt": text_forecast.render_forecast(forecast_report(60)),
        "forecast.svg": svg_forecast.render_forecast(forecast),
        "forecast.json": json_health.render_forecast(forecast),
        "empty.txt": text_runs.render_runs(nothing[0])
        + text_status.render_status(nothing[1])
        + text_forecast.render_forecast(nothing[2]),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in texts().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
