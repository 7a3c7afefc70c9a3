//! Names of files inside of archives.

/// Endings of archives, which are no part of the folder that an archive stands for.
const ENDINGS: [&str; 12] =
    [".tar.gz", ".tar.bz2", ".tgz", ".tbz2", ".tbz", ".tar", ".zip", ".npz", ".gz", ".bz2", ".gzip", ".bzip2"];

/// The folder that an archive stands for, or the name of what is packed alone: `data/cora.zip` is `data/cora`.
pub fn stem(name: &str) -> &str {
    let lower = name.to_ascii_lowercase();
    let ending = ENDINGS.iter().find(|ending| lower.ends_with(*ending) && lower.len() > ending.len());
    // ASCII lower case keeps every byte's place.
    ending.map_or(name, |ending| &name[..name.len() - ending.len()])
}

/// What the name of a member says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// A file below the archive's folder: its folders and name with one `/` between them.
    At(String),
    /// What systems put there for themselves (`__MACOSX/`, `.DS_Store`, other hidden files).
    Hidden,
    /// Outside of the folder.
    Outside,
}

/// Read a member's name; `\` parts folders too, and so do two slashes.
pub fn member(name: &str) -> Member {
    let name = name.replace('\\', "/");
    let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    if name.starts_with('/') || drive || name.contains('\0') {
        return Member::Outside;
    }
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.is_empty() || parts.contains(&"..") {
        return Member::Outside;
    }
    if parts.iter().any(|part| part.starts_with('.') || *part == "__MACOSX") {
        return Member::Hidden;
    }
    Member::At(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_stand_for_folders() {
        let stems = [("a/cora.zip", "a/cora"), ("x.tar.GZ", "x"), ("digits.csv.gz", "digits.csv"), (".zip", ".zip")];
        assert_eq!(stems.map(|(name, _)| stem(name)), stems.map(|(_, stem)| stem));
        assert_eq!(stem("grün.zip"), "grün");
    }

    #[test]
    fn names_stay_inside() {
        let at = |name: &str| Member::At(name.to_string());
        assert_eq!(member("MUTAG//MUTAG_A.txt"), at("MUTAG/MUTAG_A.txt"));
        assert_eq!(member("./a\\b.txt"), at("a/b.txt"));
        for outside in ["../x", "a/../../x", "/etc/x", "C:\\x", "a\\..\\x", "", "/"] {
            assert_eq!(member(outside), Member::Outside, "{outside}");
        }
        for hidden in ["__MACOSX/a/._1.png", "a/.DS_Store", ".git/config"] {
            assert_eq!(member(hidden), Member::Hidden, "{hidden}");
        }
    }
}
