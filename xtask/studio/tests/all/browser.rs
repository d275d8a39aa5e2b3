//! The pages in a real browser.

use studio::browser::Browser;

use crate::running::{Running, database};

/// Whether boxes overlap and labels are cut, from the boxes that the page really has.
const BOXES: &str = r#"(() => {
  const boxes = [...document.querySelectorAll(".node")].map((node) => ({ name: node.dataset.table, box: node.getBoundingClientRect() }));
  const overlaps = [];
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
    if (a.box.left < b.box.right && b.box.left < a.box.right && a.box.top < b.box.bottom && b.box.top < a.box.bottom) overlaps.push([a.name, b.name]);
  }));
  const clipped = [...document.querySelectorAll(".node h3, .node h3 a, .node .name, .node .type")]
    .filter((label) => label.getClientRects().length)
    .filter((label) => label.scrollWidth > label.clientWidth + 1 && label.clientWidth > 0
      || label.getBoundingClientRect().right > label.closest(".node").getBoundingClientRect().right + 1)
    .map((label) => label.textContent);
  return { nodes: boxes.length, overlaps, clipped };
})()"#;

/// How many edges cross, and how many run over a box.
const EDGES: &str = r#"(() => {
  const lines = [...document.querySelectorAll(".edge")].map((path) => {
    const length = path.getTotalLength();
    return Array.from({ length: 81 }, (_, at) => path.getPointAtLength((length * at) / 80));
  });
  const turn = (a, b, c) => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  const cross = (a, b, c, d) => turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
  let crossings = 0;
  lines.forEach((one, i) => lines.slice(i + 1).forEach((other) => {
    for (let a = 1; a < one.length; a++) for (let b = 1; b < other.length; b++)
      if (cross(one[a - 1], one[a], other[b - 1], other[b])) crossings++;
  }));
  const boxes = [...document.querySelectorAll(".node")].map((node) => ({
    l: node.offsetLeft + 2, t: node.offsetTop + 2, r: node.offsetLeft + node.offsetWidth - 2, b: node.offsetTop + node.offsetHeight - 2 }));
  const covered = lines.filter((line) => line.some((p) => boxes.some((box) => p.x > box.l && p.x < box.r && p.y > box.t && p.y < box.b))).length;
  return { edges: lines.length, crossings, covered };
})()"#;

const READY: &str = "document.querySelector('#diagram')?.dataset.state === 'ready'";

#[test]
fn a_person_finds_their_way_with_mouse_and_keys() {
    let scratch = database();
    let studio = Running::start(&scratch, &[]);
    let mut browser = Browser::start().unwrap();
    browser.open(&studio.link).unwrap();
    browser.wait(READY).unwrap();
    the_link_loses_its_token(&mut browser);
    the_diagram_is_clear(&mut browser);
    a_table_is_found_by_keys(&mut browser);
    dark_is_dark(&mut browser);
    rows_are_shown_and_followed(&mut browser);
    no_page_is_wider_than_a_phone(&mut browser, &studio);
    assert_eq!(browser.errors(), Vec::<String>::new());
}

fn the_link_loses_its_token(browser: &mut Browser) {
    assert_eq!(browser.eval("location.search").unwrap(), "");
    assert_eq!(
        browser.eval("document.cookie").unwrap(),
        "",
        "scripts can't read it"
    );
}

fn the_diagram_is_clear(browser: &mut Browser) {
    for script in ["0", "document.querySelector('#all-columns').click()"] {
        browser.eval(script).unwrap();
        let drawn = browser.eval(EDGES).unwrap();
        let number = |name: &str| drawn[name].as_u64().unwrap();
        assert!(number("edges") >= 15, "{drawn}");
        assert!(number("crossings") * 3 <= number("edges"), "{drawn}");
        assert_eq!(number("covered"), 0, "{drawn}");
        let seen = browser.eval(BOXES).unwrap();
        assert!(seen["nodes"].as_u64().unwrap() >= 20, "{seen}");
        for none in ["overlaps", "clipped"] {
            assert_eq!(seen[none].as_array().unwrap().len(), 0, "{seen}");
        }
    }
    browser
        .eval("document.querySelector('#all-columns').click()")
        .unwrap();
}

fn a_table_is_found_by_keys(browser: &mut Browser) {
    browser.press("/").unwrap();
    browser
        .wait("document.activeElement?.id === 'search'")
        .unwrap();
    for key in ["p", "p", "u", "_"] {
        browser.press(key).unwrap();
    }
    let shown = "[...document.querySelectorAll('#tables > li')].filter((item) => !item.hidden).map((item) => item.textContent.trim()).join()";
    browser
        .wait(&format!("{shown}.startsWith('ppu_redemptions')"))
        .unwrap();
    browser.press("ArrowDown").unwrap();
    browser.follow("document.activeElement.click()").unwrap();
    assert_eq!(
        browser.eval("location.pathname").unwrap(),
        "/table/ppu_redemptions"
    );
    let title = browser
        .eval("document.querySelector('h1').textContent")
        .unwrap();
    assert_eq!(title, "ppu_redemptions");
    browser.press("?").unwrap();
    browser
        .wait("document.querySelector('#help').open")
        .unwrap();
    browser
        .eval("document.querySelector('#help').close()")
        .unwrap();
    browser
        .follow("document.querySelector('article .actions a:last-child').click()")
        .unwrap();
    browser
        .wait("document.querySelector('.node.self')?.dataset.table === 'ppu_redemptions'")
        .unwrap();
}

fn dark_is_dark(browser: &mut Browser) {
    let light = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)";
    assert!(browser.eval(light).unwrap().as_u64().unwrap() > 600);
    browser.size(1280, 800, true).unwrap();
    assert!(
        browser.eval(light).unwrap().as_u64().unwrap() < 150,
        "as the system is"
    );
    browser.press("d").unwrap();
    assert!(
        browser.eval(light).unwrap().as_u64().unwrap() > 600,
        "as was chosen"
    );
    browser.follow("location.reload()").unwrap();
    assert!(
        browser.eval(light).unwrap().as_u64().unwrap() > 600,
        "and is remembered"
    );
    browser.size(1280, 800, false).unwrap();
}

fn rows_are_shown_and_followed(browser: &mut Browser) {
    browser
        .follow("document.querySelectorAll('nav a')[2].click()")
        .unwrap();
    browser
        .wait("document.querySelectorAll('#account option').length === 3")
        .unwrap();
    browser
        .eval("document.querySelector('#table').value = 'stripe_payments'")
        .unwrap();
    browser
        .eval("document.querySelector('#account').selectedIndex = 1")
        .unwrap();
    browser
        .follow("document.querySelector('button[value=look]').click()")
        .unwrap();
    let rows = "document.querySelectorAll('.grid tbody tr').length";
    assert_eq!(browser.eval(rows).unwrap(), 50);
    browser
        .follow("document.querySelector('.open').click()")
        .unwrap();
    let sheet = browser
        .eval("document.querySelector('#sheet').innerText")
        .unwrap();
    assert!(
        sheet.as_str().unwrap().contains("payment_share_tracking"),
        "{sheet}"
    );
    // Its foreign key to the account, and back to what points at that.
    browser
        .follow("document.querySelector('#sheet dd .follow').click()")
        .unwrap();
    assert_eq!(
        browser
            .eval("document.querySelector('#table').value")
            .unwrap(),
        "accounts"
    );
    assert_eq!(browser.eval(rows).unwrap(), 1);
    browser
        .eval("document.querySelector('#table').value = 'stripe_payments'")
        .unwrap();
    browser
        .follow("document.querySelector('button[value=look]').click()")
        .unwrap();
    browser
        .follow("document.querySelector('button[value=without]').click()")
        .unwrap();
    let proof = browser
        .eval("document.querySelector('#proof').innerText")
        .unwrap();
    assert!(
        proof
            .as_str()
            .unwrap()
            .starts_with("0 rows without an account."),
        "{proof}"
    );
}

fn no_page_is_wider_than_a_phone(browser: &mut Browser, studio: &Running) {
    browser.size(390, 844, false).unwrap();
    let wait = "!document.querySelector('meta[http-equiv=refresh]')";
    for path in [
        "",
        "table/stripe_payments",
        "isolation",
        "migrations",
        "statements",
        "statements/stripe_payments~3a~3alist",
        "rows",
    ] {
        browser
            .open(&format!("http://{}/{path}", studio.host()))
            .unwrap();
        browser.wait(wait).unwrap();
        assert_eq!(
            browser
                .eval("document.documentElement.scrollWidth")
                .unwrap(),
            390,
            "{path}"
        );
    }
}

/// Keeps a picture for whoever wants to look at it.
fn keep(browser: &mut Browser, name: &str) {
    if let Some(folder) = std::env::var_os("STUDIO_PICTURES") {
        let file = std::path::Path::new(&folder).join(format!("{name}.png"));
        browser.picture(&file).unwrap();
    }
}

#[test]
fn two_hundred_tables_are_laid_out_without_overlap() {
    let scratch = database();
    let tables: Vec<String> = (0..200)
        .map(|number| {
            let own = format!("CREATE TABLE many_{number:03} (account_id uuid NOT NULL REFERENCES accounts, id uuid NOT NULL, what text, PRIMARY KEY (account_id, id))");
            let parent = if number % 4 == 1 { format!("; ALTER TABLE many_{number:03} ADD parent uuid, ADD FOREIGN KEY (account_id, parent) REFERENCES many_{:03}", number - 1) } else { String::new() };
            own + &parent
        })
        .collect();
    scratch.sql(&tables.join(";\n")).unwrap();
    let studio = Running::start(&scratch, &[]);
    let mut browser = Browser::start().unwrap();
    browser.open(&studio.link).unwrap();
    browser.wait(READY).unwrap();
    keep(&mut browser, "two-hundred");
    let seen = browser.eval(BOXES).unwrap();
    assert!(seen["nodes"].as_u64().unwrap() > 200, "{}", seen["nodes"]);
    assert_eq!(
        seen["overlaps"].as_array().unwrap().len(),
        0,
        "{}",
        seen["overlaps"]
    );
    assert_eq!(
        seen["clipped"].as_array().unwrap().len(),
        0,
        "{}",
        seen["clipped"]
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}
