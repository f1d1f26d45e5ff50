//! Problems of a policy: the text with carets under it, what is wrong, what to write instead.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use rolecall_core::policy::Sources;
use rolecall_core::policy::problem::{Problem, Severity};

/// Shows problems on standard error.
pub fn problems(sources: &Sources, problems: &[Problem]) {
    let renderer = Renderer::styled();
    let texts: Vec<String> = (0..sources.files().len()).map(|file| masked(sources, problems, file)).collect();
    for problem in problems {
        let level = if problem.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
        let file = sources.file(problem.span);
        let text = texts.get(problem.span.file as usize).map_or("", String::as_str);
        let name = file.map_or("", |file| file.name.as_str());
        let end = text.len();
        let (start, stop) = ((problem.span.start as usize).min(end), (problem.span.end as usize).min(end));
        let place = AnnotationKind::Primary.span(start..stop.max(start));
        let mut group = level
            .primary_title(problem.message.as_str())
            .id(problem.code)
            .element(Snippet::source(text).path(name).annotation(place));
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        anstream::eprintln!("{}\n", renderer.render(&[group]));
    }
}

/// A file's text, without the connection URLs that should not stand there: they may hold a password.
fn masked(sources: &Sources, problems: &[Problem], file: usize) -> String {
    let mut text = sources.files().get(file).map(|file| file.text.clone()).unwrap_or_default();
    for problem in problems.iter().filter(|problem| problem.code == "literal-url" && problem.span.file as usize == file)
    {
        let place = problem.span.start as usize..problem.span.end as usize;
        if text.get(place.clone()).is_some() {
            text.replace_range(place.clone(), &"*".repeat(place.len()));
        }
    }
    text
}

/// The same for programs.
pub fn problems_json(sources: &Sources, problems: &[Problem]) -> serde_json::Value {
    let one = |problem: &Problem| {
        let position = sources.position(problem.span);
        serde_json::json!({
            "code": problem.code,
            "severity": problem.severity,
            "file": sources.file(problem.span).map(|file| file.name.clone()),
            "line": position.line,
            "column": position.column,
            "message": problem.message,
            "help": problem.help,
        })
    };
    serde_json::json!({ "problems": problems.iter().map(one).collect::<Vec<_>>() })
}
