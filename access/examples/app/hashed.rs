//! An embedding without a model.

use ring::digest;

/// The embedding of a text by nothing but its words, each of which has a place and a sign: texts are near to each other
/// when they have words in common, not when they mean the same. A text without words has none.
pub(crate) fn hashed(text: &str, dimensions: usize) -> Vec<f32> {
    let mut numbers = vec![0.0_f32; dimensions];
    let words = text.split(|c: char| !c.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        let digest = digest::digest(&digest::SHA256, word.to_lowercase().as_bytes());
        let [a, b, sign, ..] = *digest.as_ref() else {
            continue;
        };
        let place = usize::from(u16::from_be_bytes([a, b])) % numbers.len();
        if let Some(number) = numbers.get_mut(place) {
            *number += if sign % 2 == 0 { 1.0 } else { -1.0 };
        }
    }
    let length = numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
    numbers.iter().map(|n| n / length).collect()
}
