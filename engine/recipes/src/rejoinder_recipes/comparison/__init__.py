"""Whether an arm is better than the pre-trained model: the arithmetic, the requests to a judge, and the page."""
