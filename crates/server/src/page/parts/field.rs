//! Fields of forms: a label, a hint, and what is wrong beside it.

use maud::{Markup, html};

/// A field.
#[derive(Default)]
pub struct Field<'a> {
    /// Its name, and its id.
    pub name: &'a str,
    /// What it is for.
    pub label: &'a str,
    /// What to write.
    pub hint: Option<&'a str>,
    /// What it holds.
    pub value: &'a str,
    /// What is wrong with that.
    pub wrong: Option<&'a str>,
    /// It must be filled.
    pub required: bool,
    /// `text` where it is empty.
    pub kind: &'a str,
}

impl Field<'_> {
    /// A line of text.
    pub fn line(&self) -> Markup {
        let kind = if self.kind.is_empty() { "text" } else { self.kind };
        self.framed(&html! {
            input type=(kind) id=(self.name) name=(self.name) value=(self.value) required[self.required]
                aria-describedby=[self.described()] aria-invalid=[self.wrong.map(|_| "true")] autocomplete="off" spellcheck="false";
        })
    }

    /// Lines of text.
    pub fn lines(&self, rows: u8) -> Markup {
        self.framed(&html! {
            textarea id=(self.name) name=(self.name) rows=(rows) required[self.required]
                aria-describedby=[self.described()] aria-invalid=[self.wrong.map(|_| "true")] { (self.value) }
        })
    }

    /// One of several: value and label.
    pub fn choice(&self, options: &[(String, String)]) -> Markup {
        self.framed(&html! {
            select id=(self.name) name=(self.name) aria-describedby=[self.described()] aria-invalid=[self.wrong.map(|_| "true")] {
                @for (value, label) in options {
                    option value=(value) selected[value == self.value] { (label) }
                }
            }
        })
    }

    fn framed(&self, input: &Markup) -> Markup {
        html! {
            div class={ "field" @if self.wrong.is_some() { " wrong" } } {
                label for=(self.name) { (self.label) @if !self.required && self.kind != "select" { } }
                @if let Some(hint) = self.hint { div.hint id={ (self.name) "-hint" } { (hint) } }
                (input)
                @if let Some(wrong) = self.wrong { div.error id={ (self.name) "-wrong" } { (wrong) } }
            }
        }
    }

    fn described(&self) -> Option<String> {
        let hint = self.hint.map(|_| format!("{}-hint", self.name));
        let wrong = self.wrong.map(|_| format!("{}-wrong", self.name));
        let ids: Vec<String> = [hint, wrong].into_iter().flatten().collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

/// What is wrong with a form as a whole.
pub fn problem(message: &str) -> Markup {
    html! { div.problem role="alert" { strong { "That did not work. " } (message) } }
}
