-- Each version of a day's risk report, as it was known.
create table reports.risk_report (like reports.daily_performance including constraints including indexes);
