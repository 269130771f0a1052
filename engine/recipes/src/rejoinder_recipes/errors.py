"""What stops a recipe, in words for its user."""


class RecipeError(Exception):
    """Something that the user can mend: the message says what is wrong, where, and what to do."""
