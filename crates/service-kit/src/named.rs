//! Enumerations whose values have names: in JSON, in columns, in text for people who look things up.

/// Declares an enumeration with the name of each value, which is its variant's in small letters with underscores.
#[macro_export]
macro_rules! named {
    ($(#[$documentation:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$documentation])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            ::serde::Serialize, ::serde::Deserialize, ::utoipa::ToSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$of])* $variant),+
        }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $text),+
                }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ();
            fn from_str(name: &str) -> Result<$name, ()> {
                $name::ALL.iter().copied().find(|known| known.name() == name).ok_or(())
            }
        }
    };
}

#[cfg(test)]
mod tests {
    named! {
        /// An example.
        Answer {
            NotYet = "not_yet",
            Yes = "yes",
        }
    }

    #[test]
    fn a_value_has_one_name_in_json_and_in_columns() {
        for answer in Answer::ALL {
            assert_eq!(serde_json::to_string(answer).expect("JSON"), format!("\"{}\"", answer.name()));
            assert_eq!(answer.name().parse(), Ok(*answer));
        }
    }
}
