//! Which word of a list somebody who mistyped one may have meant. It knows no list.

/// Longer words are compared with nothing: nobody types them.
const LONGEST: usize = 64;

/// The words of a list that may be meant by a mistyped one, whatever the case of the letters, the nearest first: one or two letters
/// are wrong, missing, too many, or in each other's place; only one where there are fewer than six, and none in two.
///
/// ```
/// use cloud_import_core::provider::suggest::near;
///
/// assert_eq!(near("hauwei", ["aliyun", "huawei"]), ["huawei"]);
/// assert!(near("aws", ["aliyun", "huawei"]).is_empty());
/// ```
pub fn near<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let letters = |word: &str| word.chars().flat_map(char::to_lowercase).collect::<Vec<char>>();
    let typed = letters(typed);
    let distances = words.into_iter().filter_map(|word| {
        let other = letters(word);
        let longest = typed.len().max(other.len());
        let is_word = typed.len() > 1 && longest <= LONGEST;
        let distance = is_word.then(|| distance(&typed, &other))?;
        (distance <= (longest / 3).min(2)).then_some((distance, word))
    });
    let mut found: Vec<(usize, &str)> = distances.collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, word)| word).collect()
}

/// The question whether the first of those [`near`] was meant, with a space behind it; nothing where there is none.
pub fn did_you_mean<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    let near = near(typed, words);
    near.first()
        .map_or_else(String::new, |word| format!("Did you mean `{word}`? "))
}

/// The same for a message of serde that lists what it knows: "unknown field `x`, expected one of `y`, `z`".
pub fn did_you_mean_in(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match quoted.next() {
        Some(typed) if message.starts_with("unknown ") => did_you_mean(typed, quoted),
        _ => String::new(),
    }
}

/// How many letters are to be changed, left out, put in, or exchanged with their neighbours.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, known) in other.iter().enumerate() {
            let changed = last[column] + usize::from(letter != known);
            let mut least = changed.min(last[column + 1] + 1).min(line[column] + 1);
            if row > 0 && column > 0 && *letter == other[column - 1] && one[row - 1] == *known {
                least = least.min(before[column - 1] + 1);
            }
            line.push(least);
        }
        before = std::mem::replace(&mut last, line);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_meant_and_nothing_else() {
        let clouds = ["jdcloud", "tencent", "huawei", "aliyun", "ucloud"];
        for (typed, meant) in [
            ("alyun", Some("aliyun")),
            ("Aliyum", Some("aliyun")),
            ("hauwei", Some("huawei")),
            ("tencnet", Some("tencent")),
            ("uclod", Some("ucloud")),
            ("jdclou", Some("jdcloud")),
            ("aws", None),
            ("azure", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(near(typed, clouds).first().copied(), meant, "{typed}");
        }
        assert!(near(&"a".repeat(65), [&*"a".repeat(65)]).is_empty());
        assert_eq!(near("abc", ["xabc", "abcx"]), ["xabc", "abcx"]);
        assert!(near("hl", ["hk"]).is_empty());
        assert_eq!(near("wbe", ["wxb", "web"]), ["web"], "an exchange is one change");
        assert_eq!(
            near("bucketts", ["bucktes", "buckets"]),
            ["buckets", "bucktes"],
            "the nearest first"
        );
    }

    #[test]
    fn distance_counts_changes_omissions_insertions_and_exchanges() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "axc", 1),
            ("abc", "abxc", 1),
            ("abc", "bc", 1),
            ("kitten", "sitting", 3),
            ("web", "wbe", 1),
        ] {
            let letters = |word: &str| word.chars().collect::<Vec<char>>();
            let (first, second) = (letters(one), letters(other));
            assert_eq!(distance(&first, &second), expected, "{one} {other}");
            assert_eq!(distance(&second, &first), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_message_of_serde_tells_what_it_knows() {
        let message = "unknown field `buckt`, expected one of `bucket`, `prefix`";
        assert_eq!(did_you_mean_in(message), "Did you mean `bucket`? ");
        assert_eq!(did_you_mean_in("invalid type: string `buckt`, expected `bucket`"), "");
    }
}
