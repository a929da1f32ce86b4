//! Which IAM policy is meant.

/// One of the policies that a configuration needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyPart {
    /// Every one that is needed.
    All,
    /// Of the identity that the exporter runs with.
    Hub,
    /// Of the roles that it assumes.
    Member,
    /// Who may assume those roles.
    Trust,
    /// Of the role with which the organisation is read.
    Management,
}
