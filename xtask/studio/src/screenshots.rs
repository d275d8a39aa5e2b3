//! The pictures of the README, taken of the sample.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::browser::Browser;

/// Opens the studio in a browser, and writes `studio-schema.png` and `studio-rows.png`.
pub(crate) fn take(link: &str, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut browser = Browser::start()?;
    browser.open(link)?;
    browser.wait("document.querySelector('#diagram')?.dataset.state === 'ready'")?;
    browser.picture(&folder.join("studio-schema.png"))?;
    browser.follow("document.querySelectorAll('nav a')[2].click()")?;
    rows(&mut browser, "stripe_payments")?;
    browser.picture(&folder.join("studio-rows.png"))?;
    println!(
        "wrote studio-schema.png and studio-rows.png into {}",
        folder.display()
    );
    Ok(())
}

/// Chooses the first account and a table.
fn rows(browser: &mut Browser, table: &str) -> anyhow::Result<()> {
    browser.wait(
        "document.querySelectorAll('#account option').length > 1 || (location.reload(), false)",
    )?;
    browser.eval(&format!(
        "document.querySelector('#table').value = '{table}'"
    ))?;
    browser.eval("document.querySelector('#account').selectedIndex = 1")?;
    browser.follow("document.querySelector('button[value=look]').click()")
}
