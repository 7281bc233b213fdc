//! `report.md`, for a pull request.

use std::fmt::Write;

use super::{cells, facts, legend};
use crate::report::contents::ReportContents;
use crate::report::judge::Finding;

/// Longest list: a pull request should stay short.
const MOST_LINES: usize = 20;

/// The page. Writing to a string cannot fail.
pub(in crate::report) fn markdown(contents: &ReportContents) -> String {
    let mut page = format!(
        "# Report on {}\n\n{}\n\n{}\n\n{}\n\n## Findings\n\n",
        text(&contents.title),
        text(&facts::experiment(contents)),
        text(&facts::scope(contents)),
        text(&contents.judgement.power)
    );
    if contents.judgement.findings.is_empty() {
        page.push_str("No findings: see the table.\n");
    }
    for finding in &contents.judgement.findings {
        write_finding(finding, &mut page);
    }
    let results = cells::results(&contents.settings);
    page.push_str("\n## Results\n\n");
    for line in legend::lines(&contents.settings) {
        let _ = writeln!(page, "- {}", text(&line));
    }
    page.push('\n');
    write_table(&results.header, &results.rows, &mut page);
    page.push_str("\n## Figures\n\n");
    for plotted in &contents.figures {
        let _ =
            writeln!(page, "![{}](figures/{}.png)\n\n{}\n", text(&plotted.title), plotted.id, text(&plotted.caption));
    }
    if let Some(note) = &contents.not_drawn {
        let _ = writeln!(page, "{}\n", text(note));
    }
    page.push_str("## Made with\n\n");
    for (made, runs) in facts::environment(contents) {
        let _ = writeln!(page, "- {runs} runs: {}", text(&made));
    }
    page.push_str(
        "\nTo reproduce them, in the directory where the report was made (with `--data` if the data sets are elsewhere):\n\n",
    );
    for command in contents.again.iter().take(MOST_LINES) {
        let _ = writeln!(page, "    {}", crate::figure::font::visible(command));
    }
    if !contents.left_out.is_empty() || !contents.not_run.is_empty() {
        page.push_str("\n## Left out\n\n");
        for sentence in contents.not_run.iter().take(MOST_LINES) {
            let _ = writeln!(page, "- {}", text(sentence));
        }
        for out in contents.left_out.iter().take(MOST_LINES) {
            let _ = writeln!(page, "- {}: {}", text(&out.place), text(&out.reason));
        }
        let rest = contents.left_out.len().saturating_sub(MOST_LINES);
        if rest > 0 {
            let _ = writeln!(page, "- and {rest} more, listed in `index.html`");
        }
    }
    page
}

fn write_finding(finding: &Finding, page: &mut String) {
    let space = if finding.claimed.is_empty() { "" } else { " " };
    let (claimed, sentence) = (text(&finding.claimed), text(&finding.sentence));
    let lost = finding.lost().map(|lost| format!("; {lost}")).unwrap_or_default();
    let _ = writeln!(page, "- **{}{lost}.** {claimed}{space}{sentence}", finding.standing.name());
    for reason in &finding.reasons {
        let _ = writeln!(page, "  - {}", text(reason));
    }
    if !finding.checks.is_empty() {
        let _ = writeln!(page, "  - {}", finding.tally());
    }
    for check in &finding.checks {
        let detail = if check.detail.is_empty() { String::new() } else { format!(" ({})", text(&check.detail)) };
        let command = check.command.as_ref();
        let command = command.map(|command| format!(": {}", code(&command.command))).unwrap_or_default();
        let _ = writeln!(page, "  - {}: {}{detail}{command}", check.name(), check.answer.name());
    }
}

fn write_table(header: &[String], rows: &[Vec<String>], page: &mut String) {
    let line =
        |cells: &[String]| format!("| {} |\n", cells.iter().map(|cell| text(cell)).collect::<Vec<_>>().join(" | "));
    page.push_str(&line(header));
    let _ = writeln!(page, "|{}", " --- |".repeat(header.len()));
    for row in rows {
        page.push_str(&line(row));
    }
}

/// A command as code, even with backticks.
fn code(plain: &str) -> String {
    let plain = crate::figure::font::visible(plain);
    let longest = plain.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("{fence}{plain}{fence}") } else { format!("{fence} {plain} {fence}") }
}

/// Escapes text for Markdown and the HTML in it.
fn text(plain: &str) -> String {
    let mut safe = String::with_capacity(plain.len());
    for letter in crate::figure::font::visible(plain).chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            letter => {
                if "\\`*_[]|#~!".contains(letter) {
                    safe.push('\\');
                }
                safe.push(letter);
            }
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_escaped() {
        assert_eq!((super::code("a b"), super::code("a`b")), ("`a b`".into(), "`` a`b ``".into()));
        assert_eq!(super::text("<img onerror=a|b>\n`x`"), "&lt;img onerror=a\\|b&gt; \\`x\\`");
    }
}
