//! throwaway.
