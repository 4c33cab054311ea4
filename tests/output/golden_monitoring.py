"""
Golden texts of runs, status and forecast: file name -> what the views say now. Run as a script, it rewrites
golden_monitoring/; hands do not.
"""

from __future__ import annotations

from pathlib import Path

from exportctl.output import forecast_svg
from exportctl.output.json import monitoring as json_monitoring
from exportctl.output.markdown import monitoring as markdown_monitoring
from exportctl.output.text import forecast as text_forecast
from exportctl.output.text import runs as text_runs
from exportctl.output.text import status as text_status
from tests.output.sample_monitoring import empty_reports, forecast_report, runs_report, status_report

FOLDER = Path(__file__).parent / "golden_monitoring"


def texts() -> dict[str, str]:
    runs, status, forecast = runs_report(), status_report(), forecast_report()
    nothing = empty_reports()
    return {
        "runs.txt": text_runs.render_runs(runs),
        "runs-60.txt": text_runs.render_runs(runs, width=60),
        "runs.md": markdown_monitoring.render_runs(runs),
        "runs.json": json_monitoring.render_runs(runs),
        "status.txt": text_status.render_status(status),
        "status.md": markdown_monitoring.render_status(status),
        "status.json": json_monitoring.render_status(status),
        "forecast.txt": text_forecast.render_forecast(forecast),
        "forecast-60.txt": text_forecast.render_forecast(forecast, width=60),
        "forecast-60-days.txt": text_forecast.render_forecast(forecast_report(60)),
        "forecast.svg": forecast_svg.render_forecast(forecast),
        "forecast.json": json_monitoring.render_forecast(forecast),
        "empty.txt": text_runs.render_runs(nothing[0])
        + text_status.render_status(nothing[1])
        + text_forecast.render_forecast(nothing[2]),
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in texts().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
