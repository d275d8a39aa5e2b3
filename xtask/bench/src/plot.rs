//! Plots as SVG.

use std::fmt::Write;

/// One bar.
pub(crate) struct Bar {
    pub(crate) label: String,
    /// Bars of one group stand together.
    pub(crate) group: &'static str,
    pub(crate) length: f64,
    pub(crate) ours: bool,
}

/// Horizontal bars, and a line at 1.
pub(crate) fn bars(bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.length).fold(1.0, f64::max);
    let (left, width, row) = (430.0, 420.0, 18.0);
    let mut at = 14.0;
    let mut drawn = String::new();
    let mut before = "";
    for bar in bars {
        if bar.group != before {
            at += 10.0;
            before = bar.group;
        }
        let colour = if bar.ours { "#1f6feb" } else { "#9aa4b2" };
        let long = bar.length / most * width;
        let _ = writeln!(
            drawn,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"end\">{label}</text><rect x=\"{left}\" y=\"{at}\" width=\"{long:.1}\" height=\"13\" fill=\"{colour}\"/><text x=\"{end:.1}\" y=\"{y}\">{length:.2}</text>",
            x = left - 8.0,
            y = at + 11.0,
            label = bar.label,
            end = left + long + 5.0,
            length = bar.length,
        );
        at += row;
    }
    let one = left + width / most;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"910\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{drawn}<line x1=\"{one:.1}\" x2=\"{one:.1}\" y1=\"10\" y2=\"{at}\" stroke=\"black\" stroke-dasharray=\"3\"/>\n</svg>\n",
        height = at + 14.0
    )
}

/// A line through points that stand at equal distances.
pub(crate) struct Line {
    pub(crate) label: &'static str,
    pub(crate) points: Vec<f64>,
}

/// Lines over named places, from 0 up.
pub(crate) fn lines(places: &[String], lines: &[Line], unit: &str) -> String {
    const COLOURS: [&str; 5] = ["#1f6feb", "#2da44e", "#bf8700", "#cf222e", "#8250df"];
    let (left, top, width, height) = (60.0, 20.0, 560.0, 260.0);
    let all = lines.iter().flat_map(|line| line.points.iter().copied());
    let most = all.fold(0.0, f64::max).max(f64::MIN_POSITIVE) * 1.1;
    #[allow(clippy::cast_precision_loss)]
    let x = |place: usize| left + width * place as f64 / (places.len().max(2) - 1) as f64;
    let y = |value: f64| top + height * (1.0 - value / most);
    let mut drawn = String::new();
    for (place, name) in places.iter().enumerate() {
        let (x, y) = (x(place), top + height + 18.0);
        let _ = writeln!(
            drawn,
            "<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"middle\">{name}</text>"
        );
    }
    for step in 0..=4 {
        let value = most * f64::from(step) / 4.0;
        let _ = writeln!(
            drawn,
            "<line x1=\"{left}\" x2=\"{end}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#d0d7de\"/><text x=\"{at}\" y=\"{text:.1}\" text-anchor=\"end\">{value:.1}</text>",
            end = left + width,
            y = y(value),
            at = left - 6.0,
            text = y(value) + 4.0,
        );
    }
    for (number, line) in lines.iter().enumerate() {
        let colour = COLOURS
            .get(number % COLOURS.len())
            .copied()
            .unwrap_or("black");
        let mut path = String::new();
        for (place, value) in line.points.iter().enumerate() {
            let _ = write!(path, "{:.1},{:.1} ", x(place), y(*value));
        }
        let last = line.points.last().copied().unwrap_or_default();
        let _ = writeln!(
            drawn,
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/><text x=\"{at}\" y=\"{y:.1}\" fill=\"{colour}\">{label}</text>",
            at = left + width + 8.0,
            y = y(last) + 4.0,
            label = line.label,
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"320\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{left}\" y=\"12\">{unit}</text>\n{drawn}</svg>\n"
    )
}
