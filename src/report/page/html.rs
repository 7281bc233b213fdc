//! `index.html`: a single file that works without a network, a server or other files; downloads are next to it.

use std::fmt::Write;

use super::cells::{self, TextTable};
use super::{facts, legend};
use crate::figure::svg::{self, escaped};
use crate::figure::{Figure, hover, lay_out};
use crate::report::chart::{Plotted, narrow};
use crate::report::contents::ReportContents;
use crate::report::judge::{Answer, Finding, Standing};
use crate::report::words::capital;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// The page makes no requests, whatever a name in it contains.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// Beyond this size, figures are only linked: a page that opens slowly on a phone is not read.
const MOST_BYTES: usize = 3_500_000;

/// The page. Writing to a string cannot fail.
pub(in crate::report) fn html(contents: &ReportContents) -> String {
    let title = escaped(&contents.title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <title>Report on {title}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n<main>\n\
         <header><h1>Report on {title}</h1>\n<p>{}</p>\n<p>{}</p>\n<p>{}</p></header>\n",
        svg::style(),
        escaped(&facts::experiment(contents)),
        escaped(&facts::scope(contents)),
        escaped(&contents.judgement.power),
    );
    write_findings(&contents.judgement.findings, &mut page);
    page.push_str("<section aria-labelledby=\"figures\">\n<h2 id=\"figures\">Figures</h2>\n");
    for plotted in &contents.figures {
        if page.len() < MOST_BYTES { write_figure(plotted, &mut page) } else { write_links(plotted, &mut page) }
    }
    if let Some(note) = &contents.not_drawn {
        let _ = writeln!(page, "<p>{}.</p>", escaped(note));
    }
    page.push_str("</section>\n<section aria-labelledby=\"results\">\n<h2 id=\"results\">Results</h2>\n");
    page.push_str("<ul class=\"legend\">\n");
    for line in legend::lines(&contents.settings) {
        let _ = writeln!(page, "<li>{}</li>", escaped(&line));
    }
    page.push_str("</ul>\n");
    write_table("Errors of each cell", &cells::results(&contents.settings), &mut page);
    page.push_str("</section>\n");
    write_origin(contents, &mut page);
    write_left_out(contents, &mut page);
    let _ = write!(page, "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    page
}

fn write_findings(findings: &[Finding], page: &mut String) {
    page.push_str("<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>\n");
    if findings.is_empty() {
        page.push_str("<p>No findings: see the results below.</p>\n");
    }
    for finding in findings {
        let class = match finding.standing {
            Standing::Holds => "holds",
            Standing::NotShown => "not-shown",
            Standing::Exploratory | Standing::Description => "exploratory",
        };
        let _ = write!(
            page,
            "<article class=\"finding {class}\">\n<p><span class=\"badge\">{}</span> ",
            finding.standing.name()
        );
        if let Some(lost) = finding.lost() {
            let _ = write!(page, "<span class=\"badge lost\">{lost}</span> ");
        }
        if !finding.claimed.is_empty() {
            let _ = write!(page, "{}</p>\n<p>", escaped(&finding.claimed));
        }
        let _ = writeln!(page, "{}</p>", escaped(&finding.sentence));
        if !finding.reasons.is_empty() {
            page.push_str("<ul>\n");
            for reason in &finding.reasons {
                let _ = writeln!(page, "<li>{}</li>", escaped(reason));
            }
            page.push_str("</ul>\n");
        }
        write_checks(finding, page);
        page.push_str("</article>\n");
    }
    page.push_str("</section>\n");
}

fn write_checks(finding: &Finding, page: &mut String) {
    if finding.checks.is_empty() {
        return;
    }
    let _ = write!(page, "<details>\n<summary>Is it real? {}</summary>\n<ul class=\"checks\">\n", finding.tally());
    for check in &finding.checks {
        let mark = match check.answer {
            Answer::Survived | Answer::Met => "✓",
            Answer::NotSurvived | Answer::NotMet => "✗",
            Answer::NotRun => "–",
        };
        let _ = write!(
            page,
            "<li><span aria-hidden=\"true\">{mark}</span> {}: <strong>{}</strong>",
            check.name(),
            check.answer.name()
        );
        if !check.detail.is_empty() {
            let _ = write!(page, " ({})", escaped(&check.detail));
        }
        if let Some(command) = &check.command {
            let _ = write!(page, "<pre tabindex=\"0\"><code>{}</code></pre>", escaped(&command.command));
        }
        page.push_str("</li>\n");
    }
    page.push_str("</ul>\n</details>\n");
}

fn write_figure(plotted: &Plotted, page: &mut String) {
    let Plotted { id, title, figure, .. } = plotted;
    let _ = writeln!(page, "<figure id=\"{id}\">\n<h3>{}</h3>", escaped(title));
    write_chart(&format!("{id}-wide"), "wide", figure, title, page);
    write_chart(&format!("{id}-narrow"), "narrow", &narrow(figure), title, page);
    write_caption(plotted, page);
    page.push_str("</figure>\n");
}

/// Links to a figure that is not embedded in the page.
fn write_links(plotted: &Plotted, page: &mut String) {
    let _ = writeln!(page, "<figure id=\"{}\">\n<h3>{}</h3>", plotted.id, escaped(&plotted.title));
    write_caption(plotted, page);
    page.push_str("</figure>\n");
}

fn write_caption(Plotted { id, caption, .. }: &Plotted, page: &mut String) {
    let _ = write!(
        page,
        "<figcaption>{}\n<span class=\"downloads\">Download: <a href=\"figures/{id}.svg\" download>SVG</a> \
         <a href=\"figures/{id}.pdf\" download>PDF</a> <a href=\"figures/{id}-column.pdf\" download>PDF, one column</a> \
         <a href=\"figures/{id}.png\" download>PNG</a> <a href=\"data/{id}.csv\" download>data as CSV</a></span></figcaption>\n",
        escaped(caption)
    );
}

fn write_chart(id: &str, class: &str, figure: &Figure, title: &str, page: &mut String) {
    let drawing = lay_out(figure);
    let values = serde_json::to_string(&hover::describe(figure, &drawing)).unwrap_or_default();
    let _ = write!(
        page,
        "<div class=\"chart {class}\" tabindex=\"0\" role=\"group\" aria-label=\"{}. Arrow keys read its values.\">\n{}\
         <div class=\"tip\" role=\"status\" hidden></div>\n<script type=\"application/json\">{}</script>\n</div>\n",
        escaped(title),
        svg::write(&drawing.scene, id, svg::Placement::Inline),
        // Nothing is escaped inside a script, and `</script>` or `<!--` would end it.
        values.replace('<', "\\u003c"),
    );
}

fn write_table(caption: &str, grid: &TextTable, page: &mut String) {
    // Numbers do not wrap; names and reasons do.
    let class = if grid.header.iter().any(|name| name == "regime") { "numbers" } else { "names" };
    let _ = write!(
        page,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"{class}\">\n<caption>{caption}</caption>\n<thead><tr>"
    );
    for name in &grid.header {
        let _ = write!(page, "<th scope=\"col\">{}</th>", escaped(name));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &grid.rows {
        page.push_str("<tr>");
        for cell in row {
            let _ = write!(page, "<td>{}</td>", escaped(cell));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}

fn write_origin(contents: &ReportContents, page: &mut String) {
    page.push_str("<section aria-labelledby=\"origin\">\n<h2 id=\"origin\">Where the numbers come from</h2>\n<ul>\n");
    for (made, runs) in facts::environment(contents) {
        let _ = writeln!(page, "<li>{runs} runs: {}</li>", escaped(&made));
    }
    page.push_str(
        "</ul>\n<p>To reproduce them, in the directory where the report was made (with <code>--data</code> if the data sets are \
         elsewhere):</p>\n<pre tabindex=\"0\"><code>",
    );
    for command in &contents.again {
        let _ = writeln!(page, "{}", escaped(command));
    }
    page.push_str("</code></pre>\n<p><a href=\"data/runs.csv\" download>Every run with its errors, as CSV</a></p>\n");
    page.push_str("<details>\n<summary>Keys that all runs share</summary>\n");
    let rows = facts::shared(contents).into_iter().map(|(key, value)| vec![key.to_owned(), value.to_owned()]).collect();
    write_table("Shared keys", &TextTable { header: vec!["key".to_owned(), "value".to_owned()], rows }, page);
    page.push_str("</details>\n<details>\n<summary>All runs</summary>\n");
    let settings = &contents.settings;
    let run = |run: &crate::report::read::Run| {
        vec![run.place.clone(), run.frozen.short(), run.seeds.label(), run.environment.device.clone()]
    };
    let rows = settings.all.iter().flat_map(|setting| setting.runs().map(run)).collect();
    let header = ["directory", "frozen layers", "seeds", "device"].map(str::to_owned).to_vec();
    write_table("Runs", &TextTable { header, rows }, page);
    page.push_str("</details>\n</section>\n");
}

fn write_left_out(contents: &ReportContents, page: &mut String) {
    if contents.left_out.is_empty() && contents.not_run.is_empty() {
        return;
    }
    page.push_str("<section aria-labelledby=\"left-out\">\n<h2 id=\"left-out\">Left out</h2>\n");
    for sentence in &contents.not_run {
        let _ = writeln!(page, "<p>{}.</p>", escaped(&capital(sentence)));
    }
    if contents.left_out.is_empty() {
        page.push_str("</section>\n");
        return;
    }
    let rows = contents.left_out.iter().map(|out| vec![out.place.clone(), out.reason.clone()]).collect();
    write_table(
        "Runs and cells left out",
        &TextTable { header: vec!["run".to_owned(), "reason".to_owned()], rows },
        page,
    );
    page.push_str("</section>\n");
}
